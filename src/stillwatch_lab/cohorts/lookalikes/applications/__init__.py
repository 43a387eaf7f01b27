"""Look-alikes that are one text round the work of many strangers, each on a key of his own."""
