"""Notices: what is news, and who is told of it by which sink."""
