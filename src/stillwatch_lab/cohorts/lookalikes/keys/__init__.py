"""Look-alikes that are one customer's keys, each an account of its own."""
