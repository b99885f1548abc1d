"""Which elements a program touches, when, and what of it a cache would have held."""

from __future__ import annotations

from typing import Literal, TypedDict


class LoopValue(TypedDict):
    """A loop at a moment: its value, and how many it takes."""

    name: str
    value: int
    extent: int


class HeatMap(TypedDict):
    """A buffer as a grid: all dimensions but the last are rows, the last are columns.

    `values` has, row by row, what the measure gives for each cell at the moment shown (-1: not
    touched yet); a cell stands for `cell_rows` x `cell_columns` elements. `now` are the cells that
    the statement at the moment touches, `written` those of them that it writes.
    """

    buffer: str
    facts: str
    rows: int
    columns: int
    cell_rows: int
    cell_columns: int
    values: list[int]
    now: list[int]
    written: list[int]


class DistanceBin(TypedDict):
    """Accesses whose reuse distance is `low` to `high`, in elements and in cache lines."""

    low: int
    high: int
    elements: int
    lines: int


class MissRow(TypedDict):
    """Accesses of a buffer, and those that miss; `before_*` are -1 where nothing is compared."""

    buffer: str
    accesses: int
    l1_misses: int
    l2_misses: int
    before_l1: int
    before_l2: int


class LocalityView(TypedDict):
    """Accesses of a serial run at toy sizes.

    `moment` counts statements that were run, from 0. `measure` says what the maps show: when a cell
    was touched last (as a moment), how often it was touched, or the reuse distance of its last use,
    in elements. Sizes of caches are in bytes; `machine` says in words where they come from.
    """

    status: Literal["idle", "working", "ready", "failed"]
    reason: str
    is_stale: bool
    sizes: str
    measure: Literal["last", "times", "distance"]
    moment: int
    moments: int
    accesses: int
    block: str
    loops: list[LoopValue]
    touches: str
    maps: list[HeatMap]
    bins: list[DistanceBin]
    first_elements: int
    first_lines: int
    line_bytes: int
    l1_bytes: int
    l2_bytes: int
    ways: int
    machine: str
    is_own: bool
    misses: list[MissRow]
    before: str
    verdict: str
