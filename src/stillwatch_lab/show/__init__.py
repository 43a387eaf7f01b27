"""Show an evaluation: tables for the terminal here, a page in `show.page` (it brings Altair)."""

from stillwatch_lab.show.terminal import render_evaluation, render_study

__all__ = ["render_evaluation", "render_study"]
