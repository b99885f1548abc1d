"""Register tiles: what is offered, what fits, and which is taken without a search."""

from __future__ import annotations

import pytest

from tvmlab.ops.choices import dividing, nearest, powers
from tvmlab.ops.register_tile import (
    MAX_WASTE,
    best_tile,
    lane_choices,
    register_tiles,
    row_choices,
    waste,
)
from tvmlab.ops.vector_unit import AVX2, AVX512, NEON, VectorUnit


def test_waste_is_what_is_executed_for_each_that_is_needed() -> None:
    assert [waste(8, 8), waste(9, 8), waste(7, 14), waste(1024, 48)] == [1, 16 / 9, 2, 1056 / 1024]


@pytest.mark.parametrize(
    ("extent", "avx512", "avx2"),
    [
        (1, (1,), (1,)),
        (7, (4, 7), (2, 4, 7)),
        (14, (4, 8, 14), (2, 4, 8, 14)),
        (28, (4, 8, 16, 28), (2, 4, 8, 16, 28)),
        (1024, (4, 8, 16, 32, 48, 64), (2, 4, 8, 16, 24, 32)),
    ],
)
def test_lanes_are_registers_or_the_whole_loop(
    extent: int, avx512: tuple[int, ...], avx2: tuple[int, ...]
) -> None:
    assert lane_choices(extent, 4, AVX512) == avx512
    assert lane_choices(extent, 4, AVX2) == avx2


@pytest.mark.parametrize("extent", [1, 2, 3, 13, 28, 97, 1024])
def test_nothing_offered_wastes_much(extent: int) -> None:
    for choice in (*lane_choices(extent, 4, AVX512), *row_choices(extent)):
        assert 1 <= choice <= extent
        assert waste(extent, choice) <= MAX_WASTE


@pytest.mark.parametrize(
    ("vectors", "rows", "lanes", "holds"),
    [
        (AVX512, 14, 32, True),  # 28 + 2 + 1 = 31
        (AVX512, 15, 32, False),
        (AVX512, 6, 64, True),  # 24 + 4 + 1 = 29
        (AVX2, 6, 16, True),  # 12 + 2 + 1 = 15
        (AVX2, 7, 16, False),
        (NEON, 8, 12, True),  # 24 + 3 + 1 = 28
    ],
    ids=str,
)
def test_a_tile_fits_with_its_operands(
    vectors: VectorUnit, rows: int, lanes: int, holds: bool
) -> None:
    assert vectors.holds(rows, vectors.vectors(lanes, 4)) is holds
    offered = register_tiles([(rows,)], [lanes], 4, vectors)
    assert offered == (((rows, lanes),) if holds else ((1, lanes),))


def test_the_best_tile_loads_least_and_wastes_nothing() -> None:
    def loads(tile: tuple[int, ...]) -> float:
        return tile[0] / 2 + tile[1] / 16

    def best(m: int, n: int) -> tuple[int, ...]:
        tiles = register_tiles(
            [(r,) for r in row_choices(m)], lane_choices(n, 4, AVX512), 4, AVX512
        )
        return best_tile(tiles, (m, n), 4, AVX512, loads)

    assert best(1024, 1024) == (6, 64)
    assert best(1, 1024) == (1, 64)  # four accumulators hide the latency
    assert best(32, 16) == (16, 16)
    assert best(1024, 1000)[1] < 64  # 1000 = 15 * 64 + 40


def test_ladders() -> None:
    assert powers(16, 100) == (16, 32, 64, 100)
    assert powers(16, 16) == (16,)
    assert powers(16, 3) == (3,)
    assert dividing(96, 16) == (16, 32, 96)
    assert dividing(7, 16) == (7,)
    assert nearest((16, 32, 64), 40) == 32
    assert nearest((16, 64), 33) == 64


def test_vector_units_are_written_and_read() -> None:
    for unit in (AVX512, AVX2, NEON):
        assert VectorUnit.parse(str(unit)) == unit


def test_two_units_need_more_sums_and_load_broadcasts_as_vectors() -> None:
    assert (AVX512.units, AVX512.under_way, AVX512.broadcasts) == (1, 4, 2)
    assert (AVX2.units, AVX2.under_way, AVX2.broadcasts) == (2, 10, 1)
    tiles = [(4, 16), (5, 16), (6, 16)]
    chosen = best_tile(tiles, (120, 1024), 4, AVX2, lambda t: t[0] / AVX2.broadcasts + t[1] / 8)
    assert chosen == (6, 16)  # of 4 rows the sums would wait for each other
