"""Structures of schedules derived from a computation alone, by rules; one file a rule."""

from tvmlab.tune.sketches.registry import BOUND, PHASES, RULES, sketches, sketches_for
from tvmlab.tune.sketches.rule import Rule

__all__ = ["BOUND", "PHASES", "RULES", "Rule", "sketches", "sketches_for"]
