"""What an estimate must get right whatever its constants: which of two programs is faster."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import pytest

from tvmlab import te
from tvmlab.analysis.estimate import Compiler, Estimate, MachineFacts, Memory, estimate, ratio
from tvmlab.analysis.estimate.nest import nest_of
from tvmlab.analysis.estimate.traffic import traffic
from tvmlab.errors import UsageError
from tvmlab.lower.pipeline import lower
from tvmlab.schedule import State, replay_python
from tvmlab.targets.cpu.limits import machine_facts

MACHINE = MachineFacts(
    cores=4,
    clock_hz=3e9,
    vector_bits=256,
    vector_registers=16,
    memories=(
        Memory("L1", 32 << 10, 190e9, 760e9),
        Memory("L2", 1 << 20, 90e9, 360e9),
        Memory("L3", 16 << 20, 60e9, 200e9),
        Memory("DRAM", inf, 12e9, 30e9),
    ),
)
PLAIN = Compiler(finds_vectors=False)
TILES = """\
yo, xo, yi, xi = s["C"].tile("y", "x", 4, 32)
s["C"].reorder("yo", "xo", "k", "yi", "xi")
"""


def product(n: int = 512) -> te.Tensor:
    a = te.placeholder((n, n), name="A")
    b = te.placeholder((n, n), name="B")
    k = te.reduce_axis((0, n), name="k")
    return te.compute((n, n), lambda y, x: te.sum(a[y, k] * b[k, x], axis=k), name="C")


def copied(n: int, m: int) -> te.Tensor:
    a = te.placeholder((n, m), name="A")
    return te.compute((n, m), lambda y, x: a[y, x] + 1.0, name="C")


def told(
    tensor: te.Tensor, lines: str = "", machine: MachineFacts = MACHINE, by: Compiler = PLAIN
) -> Estimate:
    state = State.start(tensor)
    for line in lines.splitlines():
        state = replay_python(state, line)
    return estimate(lower(state.program), machine, by)


def seconds(tensor: te.Tensor, lines: str = "", machine: MachineFacts = MACHINE) -> float:
    return told(tensor, lines, machine).time_s


def test_lanes_over_neighbours_are_faster() -> None:
    plain = told(product(), TILES)
    lanes = told(product(), TILES + 's["C"].vectorize("xi")')
    assert lanes.time_s < plain.time_s
    assert ratio(lanes, plain).low < ratio(lanes, plain).value < 1


def test_the_compiler_finds_lanes_by_itself_unless_it_is_kept_from_it() -> None:
    plain = told(product(), TILES)
    found = told(product(), TILES, by=Compiler())
    assert found.time_s < plain.time_s / 2
    assert found.parts["stores"] < plain.parts["stores"] / 2  # accumulators stay in registers
    kept = told(product(), TILES + 's["C"].prefetch("B", "xi", 4)', by=Compiler())
    assert kept.time_s > 2 * found.time_s
    split = told(product(), TILES + 's["C"].split("xi", 4)', by=Compiler())
    assert split.time_s < 1.2 * found.time_s
    uneven = told(product(), TILES.replace("4, 32", "4, 31"), by=Compiler())
    assert uneven.time_s > found.time_s


def test_accumulators_in_registers_are_faster_until_there_are_none_left() -> None:
    lanes = TILES + 's["C"].vectorize("xi")\n'
    tiles = lanes + 's["C"].unroll("yi")\n'
    assert seconds(product(), tiles) < seconds(product(), lanes)
    large = tiles.replace("4, 32", "16, 32")
    few = told(product(), large)
    many = told(product(), large, replace(MACHINE, vector_registers=80))
    assert many.time_s < few.time_s
    assert many.parts["stores"] < few.parts["stores"]


def test_a_strided_innermost_loop_is_slower() -> None:
    assert seconds(copied(1024, 1024)) < seconds(copied(1024, 1024), 's["C"].reorder("x", "y")')


def test_larger_than_a_cache_is_slower_for_each_element() -> None:
    each = [seconds(copied(n, 1024)) / n for n in (4, 64, 1024, 16384)]
    assert each[1] < each[2] < each[3]
    assert each[0] < 1.2 * each[1]  # a call itself takes time as well


def test_a_larger_cache_takes_traffic_from_the_levels_behind() -> None:
    small = told(product(1000))
    large = told(product(1000), machine=MACHINE.with_caches_times(64))
    assert large.time_s < small.time_s
    assert sum(t.size_bytes for t in large.traffic) < sum(t.size_bytes for t in small.traffic)
    none = told(product(1024), machine=MACHINE.with_cache("L1", 1e9))
    assert [t.size_bytes for t in none.traffic] == [0, 0, 0]


def test_traffic_of_a_copy_is_what_it_reads_and_writes() -> None:
    root = nest_of(lower(State.start(copied(4096, 4096)).program))
    levels = {t.name: t.size_bytes for t in traffic(root, MACHINE)}
    # Read once; what is written is read before and written back.
    assert levels == {"L2": 0, "L3": 0, "DRAM": 3 * 4 * 4096 * 4096}


def test_tiles_that_fit_move_less() -> None:
    whole = told(product(1024), 's["C"].reorder("k", "y", "x")')
    tiled = told(product(1024), TILES)
    assert sum(t.size_bytes for t in tiled.traffic) < sum(t.size_bytes for t in whole.traffic) / 4


def test_threads_help_up_to_what_is_shared() -> None:
    one = told(product())
    four = told(product(), 's["C"].parallel("y")')
    assert one.time_s / 4.2 < four.time_s < one.time_s / 2
    assert one.parallel_share == 0
    assert four.parallel_share > 0.99
    uneven = told(product(), 'yo, yi = s["C"].split("y", factors=[5, None])\ns["C"].parallel("yo")')
    assert uneven.time_s > four.time_s
    tiny = seconds(copied(2, 8), 's["C"].parallel("y")')
    assert tiny > seconds(copied(2, 8))


def test_sums_one_after_the_other_wait() -> None:
    one = told(product(), 's["C"].reorder("y", "x", "k")')
    assert one.parts["chain"] > one.parts["arithmetic"]
    several = told(product(), 's["C"].reorder("y", "k", "x")')
    assert several.parts["chain"] < one.parts["chain"]


def test_wider_registers_and_a_faster_clock_are_faster() -> None:
    lines = TILES + 's["C"].vectorize("xi")\ns["C"].unroll("yi")'
    usual = seconds(product(), lines)
    assert seconds(product(), lines, replace(MACHINE, vector_bits=512)) < usual
    assert seconds(product(), lines, replace(MACHINE, clock_hz=6e9)) < usual


def test_the_interval_holds_the_estimate() -> None:
    found = told(product())
    assert found.low_s < found.time_s < found.high_s
    assert ratio(found, found).value == 1
    assert set(found.parts) == {"arithmetic", "loads", "stores", "issue", "chain", "overhead"}


def test_over_sizes_nothing_can_be_told() -> None:
    n = te.var("n")
    a = te.placeholder((n,), name="A")
    with pytest.raises(UsageError, match="depends on n"):
        told(te.compute((n,), lambda i: a[i] + 1.0, name="C"))


def test_this_machine_has_all_figures() -> None:
    facts = machine_facts()
    sizes = [m.size_bytes for m in facts.memories]
    assert sizes == sorted(sizes)
    assert sizes[-1] == inf
    assert 5e8 < facts.clock_hz < 2e10
