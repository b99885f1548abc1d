"""The actions in a lab that have a budget, done in a browser and timed there."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks.waits.compiling import coding, measuring_moves, timing
from benchmarks.waits.desk import Desk, Waits
from benchmarks.waits.opening import exporting, opening, painting
from benchmarks.waits.stepping import pointing, predicting, stepping
from benchmarks.waits.tuning import tuning

__all__ = ["ROWS", "Desk", "Waits"]


ROWS: dict[str, Callable[[Desk, int], Iterator[Waits]]] = {
    "pointing": pointing,
    "stepping": stepping,
    "predicting": predicting,
    "coding": coding,
    "timing": timing,
    "moves": measuring_moves,
    "tuning": tuning,
    "painting": painting,
    "long": opening,
    "export": exporting,
}
"""What is timed, by name; each opens a lab of its own."""
