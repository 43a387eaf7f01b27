"""The rim: the pipeline, the command line, settings, progress; the only clock and environment."""
