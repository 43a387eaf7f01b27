"""Channels of the *identity* family: who says that they pay and sign up."""
