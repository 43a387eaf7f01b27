"""Channels of the *timing* family: when the requests come."""
