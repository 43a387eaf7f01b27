"""The parts of a run that a scan and a watch share, and those of working day by day."""
