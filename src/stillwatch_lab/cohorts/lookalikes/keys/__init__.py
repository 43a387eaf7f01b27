"""Look-alikes that are keys and not people: one customer's, resold, lent or stolen ones."""
