"""What people send: when, what text, and the request around it."""
