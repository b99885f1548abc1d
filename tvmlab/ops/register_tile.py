"""Register tiles: how many rows of how many lanes are accumulated in registers at once.

The innermost loops of every contraction here have one shape: for each step of the reduction, a
few vectors of one operand are loaded, and each is multiplied with the broadcast elements of
several rows. `rows * vectors` accumulators stay in registers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import prod

from tvmlab.ops.vector_unit import VectorUnit
from tvmlab.schedule.primitives.vectorize import MAX_LANES

LOAD_SHARE = 0.25
"""What a load costs beside multiply-adds that hide it, in cycles: it may miss the first cache."""

MAX_WASTE = 1.35
"""Iterations executed for each that is needed, beyond which a tile is absurd."""

ROWS = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28)
"""Rows offered; more are reached through further vectors."""


def waste(extent: int, part: int) -> float:
    """Iterations a cut in parts of `part` executes for each of `extent`, at least 1."""
    return -(-extent // part) * part / extent


def lane_choices(extent: int, element_bytes: int, vectors: VectorUnit) -> tuple[int, ...]:
    """Vector lengths that suit a contiguous loop of `extent` iterations, ascending.

    Whole registers, one to four of them, powers of two below one, and the loop itself where it
    is short enough; never lanes of which more than a third is thrown away.
    """
    full = vectors.lanes(element_bytes)
    sizes = {full >> n for n in range(1, 3)} | {full * n for n in range(1, 5)}
    if extent <= 4 * full:
        sizes.add(extent)
    fit = {n for n in sizes if 1 < n <= min(MAX_LANES, extent) and waste(extent, n) <= MAX_WASTE}
    return tuple(sorted(fit)) or (min(extent, full),)


def row_choices(extent: int) -> tuple[int, ...]:
    """Numbers of rows that suit a loop of `extent` iterations, ascending."""
    return tuple(r for r in ROWS if r <= extent and waste(extent, r) <= MAX_WASTE) or (1,)


def register_tiles(
    rows: Iterable[Sequence[int]], lanes: Iterable[int], element_bytes: int, vectors: VectorUnit
) -> tuple[tuple[int, ...], ...]:
    """Every tile `(*rows, lanes)` whose accumulators and operands fit in the registers.

    Args:
        rows: choices of rows, each a tuple with one number per loop that is written out.
        lanes: choices of lanes.
    """
    each = list(rows)
    return tuple(
        (*r, n)
        for n in lanes
        for r in each
        if vectors.holds(prod(r), vectors.vectors(n, element_bytes))
    ) or ((*(1 for _ in each[0]), min(lanes)),)


def best_tile(
    tiles: Sequence[tuple[int, ...]],
    extents: Sequence[int],
    element_bytes: int,
    vectors: VectorUnit,
    loads: Callable[[tuple[int, ...]], float],
) -> tuple[int, ...]:
    """The tile that keeps the multiply-add units busiest, by a count of what a step costs.

    Args:
        tiles: `(*rows, lanes)` each.
        extents: iterations of the loops the tile cuts, in the same order.
        loads: how many loads a step of the reduction needs with a tile, in units of one
            full-width load.
    """

    def cost(tile: tuple[int, ...]) -> float:
        *rows, lanes = tile
        accumulators = prod(rows) * vectors.vectors(lanes, element_bytes)
        cycles = max(accumulators, vectors.under_way, loads(tile)) + LOAD_SHARE * loads(tile)
        executed = prod(waste(e, t) for e, t in zip(extents, tile, strict=True))
        return cycles * executed / (prod(rows) * lanes)

    return min(tiles, key=cost)


def tiles_of_block(extent: int, tile: int, block: int) -> int:
    """Tiles in each block of a loop that is cut in blocks of about `block` iterations.

    As many blocks as there must be, and all alike but for the last: a short one would be a task
    of a thread that ends before the others do.
    """
    tiles = -(-extent // tile)
    blocks = -(-tiles // max(1, block // tile))
    return -(-tiles // blocks)
