"""The commands that look at a finished result, or take something in it back; a file each."""
