"""Detect: from tied groups to campaigns and verdicts, each calibrated against honest groups."""

from stillwatch.detect.detect import Detected, Register, Tied, detect_campaigns
from stillwatch.detect.honest_groups import load_null

__all__ = ["Detected", "Register", "Tied", "detect_campaigns", "load_null"]
