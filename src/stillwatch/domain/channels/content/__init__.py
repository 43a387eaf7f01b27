"""Channels of the *content* family: what the prompts say."""
