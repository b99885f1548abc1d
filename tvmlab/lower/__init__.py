"""From scheduled programs to machine-near ones: a readable list of named passes."""

from tvmlab.lower.pipeline import PASSES, Pass, lower, lower_stages

__all__ = ["PASSES", "Pass", "lower", "lower_stages"]
