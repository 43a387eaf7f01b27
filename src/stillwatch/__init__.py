"""Stillwatch finds distillation campaigns in the traffic of a large-language-model API.

The sentence: logs are *ingest*ed as exchanges, *observe*d as traits and profiles, *link*ed into
groups, *detect*ed as campaigns, *decide*d under a policy, *act*ed on, and *report*ed to people.
"""

__all__ = ["__version__"]


def __getattr__(name: str) -> str:
    """Give the version when somebody asks: looking it up is half of what a gateway would wait."""
    if name != "__version__":
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from importlib.metadata import version  # noqa: PLC0415  brings the e-mail package: 40 ms

    return version("stillwatch")
