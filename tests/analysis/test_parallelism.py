"""Which loops run in any order, and which buffers an iteration may have for itself."""

from __future__ import annotations

import pytest

import tvmlab.te as te
from tvmlab.analysis.conflicts import Conflict
from tvmlab.analysis.parallelism import conflict, is_private
from tvmlab.errors import ScheduleError
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Const, Expr, Var
from tvmlab.ir.program import TRUE, Block, For, Iter, Program, Region, Seq, Store
from tvmlab.schedule import Schedule, State
from tvmlab.schedule.find import sites
from tvmlab.te.tensor import Tensor

A = Buffer("A", (64,), "float32")
B = Buffer("B", (64,), "float32")
C = Buffer("C", (64,), "float32")


def write(name: str, buffer: Buffer, start: Expr, extent: int, source: Buffer, at: Expr) -> Block:
    """A block that writes `extent` elements of `buffer` from `start`, reading `source[at]`."""
    v = Var("v")
    return Block(
        name,
        [Iter(v, 64)],
        [start],
        TRUE,
        [Region(source, [(at, 1)])],
        [Region(buffer, [(start, extent)])],
        None,
        Store(buffer, (start,), Load(source, (at,)), name),
    )


def loop_of(*inside: Block, buffers: tuple[Buffer, ...] = (B,)) -> tuple[Program, For]:
    """`for i in range(16)` around blocks, and the program of it."""
    loop = For(I, 16, Seq(inside))
    params = [b for b in (A, B, C) if b not in buffers]
    return Program("f", params, 1, buffers, loop), loop


I = Var("i")  # noqa: E741


def two_stages(offset: int) -> tuple[Schedule, Tensor]:
    """A producer and a consumer that reads `offset` elements further on as well."""
    a = te.placeholder((32 + offset, 8), name="A")
    p = te.compute((32 + offset, 8), lambda y, x: a[y, x] + 1, name="P")
    c = te.compute((32, 8), lambda y, x: p[y, x] + p[y + offset, x], name="C")
    return Schedule(State.start(c)), p


def loop_named(s: Schedule, name: str) -> For:
    """The loop of that name in the last block's nest."""
    found = list(sites(s.mod))[-1].loop(name)
    assert found is not None
    return found


def test_a_fold_conflicts_with_itself_and_spatial_loops_do_not() -> None:
    a = te.placeholder((8, 8), name="A")
    k = te.reduce_axis((0, 8), name="k")
    s = Schedule(State.start(te.compute((8,), lambda y: te.sum(a[y, k], axis=k), name="C")))
    assert conflict(s.mod, loop_named(s, "y")) is None
    found = conflict(s.mod, loop_named(s, "k"))
    assert found is not None
    assert (found.block, found.why, found.element) == ("C", "reduction", "C[0]")
    assert (found.first, found.second) == ((0,), (1,))


def test_a_producer_computed_for_each_iteration_is_its_own() -> None:
    s, p = two_stages(1)
    s[p].compute_at("C", "y")
    loop = loop_named(s, "y")
    assert is_private(s.mod, loop, s.mod.buffers[0])
    assert conflict(s.mod, loop) is None


def test_what_another_nest_reads_is_not_private() -> None:
    program, loop = loop_of(write("P", B, I, 1, A, I), write("Q", C, I, 1, B, I))
    assert is_private(program, loop, B)
    reader = write("R", C, Const(0, "int64"), 1, B, Const(3, "int64"))
    wider = Program("f", program.params, 1, program.buffers, Seq([loop, reader]))
    assert not is_private(wider, loop, B)
    assert conflict(wider, loop) is None, "each iteration has an element of its own all the same"


def test_an_output_is_never_private() -> None:
    program, loop = loop_of(write("P", B, I, 1, A, I), write("Q", C, I, 1, B, I), buffers=())
    assert not is_private(program, loop, B)


@pytest.mark.parametrize(("at", "expected"), [(0, True), (1, False), (-1, False)])
def test_an_iteration_reads_only_what_it_wrote(at: int, expected: bool) -> None:
    program, loop = loop_of(write("P", B, I, 1, A, I), write("Q", C, I, 1, B, I + at))
    assert is_private(program, loop, B) is expected
    assert (conflict(program, loop) is None) is expected


def test_what_is_read_must_be_written_first() -> None:
    program, loop = loop_of(write("Q", C, I, 1, B, I), write("P", B, I, 1, A, I))
    assert not is_private(program, loop, B)


def test_a_fold_of_one_iteration_makes_no_pair() -> None:
    a = te.placeholder((8, 1), name="A")
    k = te.reduce_axis((0, 1), name="k")
    s = Schedule(State.start(te.compute((8,), lambda y: te.sum(a[y, k], axis=k), name="C")))
    found = conflict(s.mod, loop_named(s, "k"))
    assert isinstance(found, Conflict)
    assert found.first == found.second
    with pytest.raises(ScheduleError, match="its only iteration folds into C"):
        s["C"].parallel("k")
