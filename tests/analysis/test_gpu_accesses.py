"""Sectors, bank conflicts and elements of threads, against every thread of every block tried."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

import numpy as np
import pytest

from tests.analysis.gpu_programs import PROGRAMS, product, shared, transpose
from tvmlab import te
from tvmlab.analysis.access_trace import AccessTrace, Site, trace_accesses
from tvmlab.analysis.bank_conflicts import BankConflicts, bank_conflicts
from tvmlab.analysis.coalescing import Coalescing, coalescing
from tvmlab.analysis.kernel_accesses import KernelAccess, kernel_accesses
from tvmlab.analysis.launch import launches
from tvmlab.analysis.thread_mapping import block_box, own_loops, touched_at
from tvmlab.analysis.thread_places import Unclear
from tvmlab.ir import dtypes
from tvmlab.ir.axis import BLOCK_AXES, THREAD_AXES, axis_of
from tvmlab.ir.program import Program
from tvmlab.lower.alignment import align_storage
from tvmlab.lower.storage import shrink_storage
from tvmlab.schedule import create_schedule

Request = tuple[object, ...]
"""Where the loops that are no threads stand, and the warp."""


def requests(
    what: KernelAccess, program: Program, width: int
) -> dict[Request, dict[int, set[int]]]:
    """The elements that each lane touches, request by request, by following every access.

    A lane goes on to the next request after `width` lanes of a vectorized loop.
    """
    trace = followed(program)
    found: dict[Request, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    number, site = next((n, site) for n, site in enumerate(trace.sites) if _is_of(site, what))
    x, y, _ = what.launch.block
    at = np.flatnonzero(trace.site == number)
    left, thread = trace.place[at] - site.start, np.zeros(len(at), np.int64)
    others = []
    for loop, stride in zip(site.access.loops, site.strides, strict=True):
        value, left = left // stride, left % stride
        axis = axis_of(loop)
        if axis in THREAD_AXES:
            thread += value * (1, x, x * y)[THREAD_AXES.index(axis)]
        else:
            kept = loop.var.name in what.kept
            lanes = width if loop.kind == "vectorized" else 1
            others += [] if kept else [value // lanes]
    keys = np.stack([*others, thread // 32], axis=-1).tolist()
    for key, lane, element in zip(keys, thread % 32, trace.element[at].tolist(), strict=True):
        found[tuple(key)][int(lane)].add(element)
    return found


def _is_of(site: Site, what: KernelAccess) -> bool:
    a, b = site.access, what.access
    said = [(x.block, x.buffer.name, x.is_write, str(x.indices), str(x.place)) for x in (a, b)]
    return said[0] == said[1]


@cache
def followed(program: Program) -> AccessTrace:
    """Every access of a program, followed once."""
    return trace_accesses(program)


@cache
def lowered(name: str) -> tuple[Program, Program]:
    """A program with intermediates as small as lowering makes them, and with rows as far apart."""
    small = shrink_storage(PROGRAMS[name]().mod)
    return small, align_storage(small)


@pytest.mark.parametrize("name", PROGRAMS)
def test_sectors_are_those_of_every_warp(name: str) -> None:
    program, aligned = lowered(name)
    checked = 0
    for what in kernel_accesses(program):
        told = coalescing(what)
        if told is None:
            continue
        assert isinstance(told, Coalescing), told
        size = dtypes.size_bytes(what.access.buffer.dtype)
        tried = requests(what, aligned, told.width)
        assert told.requests == len(tried)
        elements = [set().union(*lanes.values()) for lanes in tried.values()]
        assert told.sectors == sum(len({e * size // 32 for e in each}) for each in elements)
        assert told.least_sectors == sum(-(-len(each) * size // 32) for each in elements)
        checked += 1
    assert checked >= 2


@pytest.mark.parametrize("name", [n for n in PROGRAMS if n.startswith("shared")])
def test_conflicts_are_those_of_every_warp(name: str) -> None:
    program, aligned = lowered(name)
    every = [(what, bank_conflicts(what)) for what in kernel_accesses(program)]
    found = [(what, told) for what, told in every if told is not None]
    assert [what.name for what, _ in found] == ["store P", "load P"]
    for what, told in found:
        assert isinstance(told, BankConflicts), told
        size = dtypes.size_bytes(what.access.buffer.dtype)
        turns = []
        for lanes in requests(what, aligned, told.width).values():
            together = 32 * 4 // max(4, size * told.width)
            for first in range(0, 32, together):
                words = {
                    byte // 4
                    for lane in range(first, first + together)
                    for element in lanes.get(lane, ())
                    for byte in range(element * size, (element + 1) * size)
                }
                banks = np.bincount([word % 32 for word in words] or [0], minlength=32)
                turns.append(int(banks.max()) if words else 0)
        assert (told.ways, told.turns) == (max(turns), sum(turns))
        assert told.least_turns == sum(n > 0 for n in turns)


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_picture_of_a_moment_shows_what_each_thread_touches(name: str) -> None:
    program, _ = lowered(name)
    for what in kernel_accesses(program)[-2:]:
        tried = requests(what, program, 1 << 30)
        loops = own_loops(what)
        block = tuple(n // 2 for n in what.launch.grid)
        moment = {o.var: int(o.extent) // 3 for o in loops}  # type: ignore[call-overload]
        touched = touched_at(what, (block[0], block[1], block[2]), moment)
        extents = what.access.buffer.extents
        at = []
        for loop in what.access.loops:
            axis = axis_of(loop)
            if axis in BLOCK_AXES:
                at.append(block[BLOCK_AXES.index(axis)])
            elif axis not in THREAD_AXES:
                at.append(0 if loop.kind == "vectorized" else moment[loop.var])
        for thread in range(what.launch.threads):
            own = touched.indices[thread][touched.is_active[thread]]
            flat = {int(np.ravel_multi_index(tuple(i), extents)) for i in own}
            assert flat == tried.get((*at, thread // 32), {}).get(thread % 32, set())
        box = block_box(what, (block[0], block[1], block[2]))
        for index in touched.indices[touched.is_active]:
            assert all(low <= i <= high for i, (low, high) in zip(index, box, strict=True))


def test_what_is_known_of_usual_schedules() -> None:
    store = {w.name: coalescing(w) for w in kernel_accesses(transpose().mod)}
    assert isinstance(store["store C"], Coalescing)
    assert store["store C"].lane_step is None  # two rows of 16 threads make a warp
    ways = [bank_conflicts(w) for w in kernel_accesses(shrink_storage(shared(0).mod))]
    assert [w.ways for w in ways if isinstance(w, BankConflicts)] == [1, 8]
    padded = [bank_conflicts(w) for w in kernel_accesses(shrink_storage(shared(1).mod))]
    assert [w.ways for w in padded if isinstance(w, BankConflicts)] == [
        2,
        2,
    ]  # 17 * 15 + 1 = 8 * 32
    launch = launches(product().mod)[0]
    assert (launch.grid, launch.block, launch.virtual) == ((2, 3, 1), (32, 1, 1), 2)
    assert [(w.name, w.kept) for w in kernel_accesses(product().mod)] == [
        ("store C", ("k",)), ("load A", ()), ("load B", ())
    ]  # fmt: skip
    assert (launch.blocks, launch.threads, launch.warps) == (6, 32, 1)
    assert launch.thread(5) == (5, 0, 0)


def test_large_grids_are_counted_without_being_tried() -> None:
    a = te.placeholder((1 << 30,), name="A")
    s = create_schedule(te.compute((1 << 30,), lambda i: a[i] + 1.0, name="C"))
    outer, inner = s["C"].split("i", 256)
    s["C"].bind(outer, "blockIdx.x")
    s["C"].bind(inner, "threadIdx.x")
    load = coalescing(kernel_accesses(s.mod)[0])
    assert load == Coalescing(1 << 25, 1 << 27, 1 << 27, 1, 1)
    assert (load.efficiency, load.per_request, load.bytes) == (1.0, 4.0, 1 << 32)


def test_what_depends_on_data_or_sizes_is_said_to_be_unknown() -> None:
    a, at = te.placeholder((64,), name="A"), te.placeholder((64,), dtype="int32", name="I")
    s = create_schedule(te.compute((64,), lambda i: a[at[i]], name="C"))
    s["C"].bind("i", "threadIdx.x")
    told = {w.name: coalescing(w) for w in kernel_accesses(s.mod)}
    assert told["load A"] == Unclear("its place is read from memory")
    assert isinstance(told["load I"], Coalescing)


def test_lanes_are_one_access_where_every_one_of_them_is_aligned() -> None:
    a = te.placeholder((4, 136), name="A")
    s = create_schedule(te.compute((4, 128), lambda i, j: a[i, j + 1] + a[i, j + 2], name="C"))
    outer, lane = s["C"].split("j", 4)
    s["C"].bind("i", "blockIdx.x")
    s["C"].bind(outer, "threadIdx.x")
    s["C"].vectorize(lane)
    told = [coalescing(w) for w in kernel_accesses(s.mod)]
    assert [x.width for x in told if isinstance(x, Coalescing)] == [1, 2, 4]


def test_a_load_is_made_once_for_the_loops_that_do_not_move_it() -> None:
    a, b = te.placeholder((64, 8), name="A"), te.placeholder((8, 64), name="B")
    k = te.reduce_axis((0, 8), name="k")
    s = create_schedule(te.compute((64, 64), lambda y, x: te.sum(a[y, k] * b[k, x], k), name="C"))
    s["C"].tile("y", "x", 4, 4)
    s["C"].reorder("yo", "xo", "k", "yi", "xi")
    s["C"].bind("yo", "blockIdx.x")
    s["C"].bind("xo", "threadIdx.x")
    kept = {w.name: w.kept for w in kernel_accesses(s.mod)}
    assert kept == {"store C": ("k",), "load A": ("xi",), "load B": ("yi",)}
    requests_of = {w.name: coalescing(w) for w in kernel_accesses(s.mod)}
    assert isinstance(requests_of["load A"], Coalescing)
    assert requests_of["load A"].requests == 16 * 8 * 4
