"""The commands that work on a lasting lake, day by day; a file each, as beside this folder."""
