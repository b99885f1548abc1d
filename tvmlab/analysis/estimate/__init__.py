"""How long a program takes on a processor or a GPU, told from the program."""

from tvmlab.analysis.estimate.compiler import Compiler
from tvmlab.analysis.estimate.device import (
    estimate_on_gpu,
    shared_bytes,
    told_registers,
)
from tvmlab.analysis.estimate.estimate import Estimate, Ratio, estimate, ratio
from tvmlab.analysis.estimate.gpu import GPUS, GpuFacts
from tvmlab.analysis.estimate.machine import MachineFacts, Memory
from tvmlab.analysis.estimate.traffic import Traffic

__all__ = [
    "GPUS",
    "Compiler",
    "Estimate",
    "GpuFacts",
    "MachineFacts",
    "Memory",
    "Ratio",
    "Traffic",
    "estimate",
    "estimate_on_gpu",
    "ratio",
    "shared_bytes",
    "told_registers",
]
