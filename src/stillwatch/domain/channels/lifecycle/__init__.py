"""Channels of the *lifecycle* family: when accounts come to be."""
