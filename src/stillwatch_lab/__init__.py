"""The lab: simulator, evaluation and the demo text; it imports stillwatch.domain alone."""
