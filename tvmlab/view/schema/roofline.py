"""How far a program is from what the machine can do."""

from __future__ import annotations

from typing import Literal, TypedDict


class CeilingView(TypedDict):
    """A measured limit of the machine: `rate` in GFLOP/s or, of a memory, GB/s.

    `allows` is what it allows the workload, in the unit of the roofline; `role` marks the lowest
    of all that hold for the workload, and the one that holds for the program as it stands.
    """

    name: str
    threads: int
    kind: Literal["arithmetic", "memory"]
    rate: float
    allows: float
    role: Literal["", "roof", "binding"]


class TrailPoint(TypedDict):
    """A measured state of the schedule, after `steps` steps; rates in the unit of the roofline."""

    number: int
    steps: int
    label: str
    rate: float
    low: float
    high: float
    share: float
    is_current: bool


class RooflineView(TypedDict):
    """Ceilings over the operations for each byte moved, and the states of the schedule under them.

    `intensity` is the workload's, in operations for each byte of inputs and outputs; 0 where
    nothing is computed, and rates are then of bytes. `words` are sentences.
    """

    unit: Literal["GFLOP/s", "GB/s"]
    intensity: float
    ceilings: list[CeilingView]
    points: list[TrailPoint]
    words: list[str]
