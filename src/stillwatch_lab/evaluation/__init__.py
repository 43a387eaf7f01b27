"""The parts of an evaluation; `stillwatch_lab.evaluate` puts them together."""
