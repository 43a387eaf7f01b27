"""Stillwatch finds distillation campaigns in the traffic of a large-language-model API.

The sentence: logs are *ingest*ed as exchanges, *observe*d as traits and profiles, *link*ed into
groups, *detect*ed as campaigns, *decide*d under a policy, *act*ed on, and *report*ed to people.
"""

from importlib.metadata import version

__version__ = version("stillwatch")

__all__ = ["__version__"]
