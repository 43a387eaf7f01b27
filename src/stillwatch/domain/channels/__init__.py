"""The catalogue of channels: a folder per evidence family, a file per channel."""
