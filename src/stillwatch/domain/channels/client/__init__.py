"""Channels of the *client* family: what sends the requests."""
