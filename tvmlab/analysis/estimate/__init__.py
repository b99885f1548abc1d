"""How long a lowered program takes on a processor, told from the program."""

from tvmlab.analysis.estimate.compiler import Compiler
from tvmlab.analysis.estimate.estimate import Estimate, Ratio, estimate, ratio
from tvmlab.analysis.estimate.machine import MachineFacts, Memory
from tvmlab.analysis.estimate.traffic import Traffic

__all__ = [
    "Compiler",
    "Estimate",
    "MachineFacts",
    "Memory",
    "Ratio",
    "Traffic",
    "estimate",
    "ratio",
]
