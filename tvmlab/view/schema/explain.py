"""What binds a state, in words; what would change it; and how other machines would run it."""

from __future__ import annotations

from typing import Literal, TypedDict

from tvmlab.view.schema.loop import LoopRef
from tvmlab.view.schema.refusal import RefusalView


class FactView(TypedDict):
    """A sentence; `kind` is what it is about: bound, parallel, reuse, vectors, mapping or slow."""

    kind: str
    text: str
    at: LoopRef | None


class ShareView(TypedDict):
    """What a part of the work would take alone; `share` is of the greatest part."""

    name: str
    time: str
    share: float


class IdeaView(TypedDict):
    """A legal step that should make it faster: the line, and how many times as long it would take,
    with its interval."""

    line: str
    ratio: float
    low: float
    high: float


class MachineView(TypedDict):
    """A machine to think of: cores, bits of a vector, and how many times this machine's caches and
    memory rate it has."""

    cores: int
    vector_bits: int
    cache_times: float
    memory_times: float


class ElsewhereView(TypedDict):
    """A state on this machine and on the one thought of: expected seconds, and its rank among the
    states listed there, from 1."""

    label: str
    here_s: float
    there_s: float
    rank: int
    bound: str
    is_current: bool


class ExplainView(TypedDict):
    """The explanation made last; stale where it is of another state. No machine is thought of
    where code is made for a GPU: the GPU's tab is for that."""

    status: Literal["idle", "working", "ready", "failed"]
    reason: str
    is_stale: bool
    facts: list[FactView]
    shares: list[ShareView]
    ideas: list[IdeaView]
    machine: MachineView | None
    this_machine: MachineView | None
    states: list[ElsewhereView]
    refusal: RefusalView | None
