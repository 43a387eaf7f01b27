"""Channels of the *infrastructure* family: where the requests come from."""
