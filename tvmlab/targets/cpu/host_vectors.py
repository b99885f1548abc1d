"""This machine's vector registers, as templates plan with them."""

from __future__ import annotations

from tvmlab.ops.vector_unit import VectorUnit
from tvmlab.targets.cpu.limits import cpu_features


def host_vectors() -> VectorUnit:
    """The vector unit of the processor that this process runs on."""
    features = cpu_features()
    return VectorUnit(features.vector_registers, features.vector_bits)
