"""Copies that go on by themselves: barriers wait for those that are needed, and for no others."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import takewhile

import numpy as np
import pytest

import tvmlab as t
from tests.fuzz.test_schedules import _agrees
from tests.intrin.tensor_cores import tensorized
from tests.ops.test_matrix_part import before_warps
from tests.targets.gpu_schedules import reversed_rows
from tvmlab.errors import VerifyError
from tvmlab.ir import equal
from tvmlab.ir.expr import Var
from tvmlab.ir.interpret_threads import interpret_threads
from tvmlab.ir.parse import parse_program
from tvmlab.ir.program import Barrier, Commit, For, Program, Seq, Stmt
from tvmlab.ir.walk import rewrite, stmts
from tvmlab.lower.copy_waits import wait_for_copies
from tvmlab.lower.device_pipeline import device_passes, lower_for_device
from tvmlab.targets.cuda.dialect import instructions_of
from tvmlab.te.evaluate import Evaluated, evaluate, random_inputs

STEPS = 5
"""Iterations of the loop that is pipelined."""


@cache
def waiting(steps: int = STEPS) -> t.Schedule:
    """A product of one warp whose operands are copied asynchronously, and waited for."""
    return tensorized(
        "mma", "float16", by_columns=True, warps=1, is_async=True, chunk=8, m=32, n=16,
        k=32 * steps,
    )  # fmt: skip


def pipelined(copies: int, steps: int = STEPS) -> t.Schedule:
    """The product whose operands are copied some steps ahead."""
    s = t.Schedule(waiting(steps).state)
    for block in ("A_cache", "B_cache") if copies > 1 else ():
        s[block].double_buffer("ko", copies)
    return s


@cache
def program_of(copies: int) -> Program:
    """Lowered as threads can be judged."""
    return before_warps(pipelined(copies))


@cache
def expected() -> tuple[dict[str, np.ndarray], Sequence[Evaluated]]:
    """Arrays for the product, and what comes out."""
    given = random_inputs(waiting().outputs, 0)
    return given, evaluate(waiting().outputs, given)


def is_right(program: Program, order: str | int = "forward") -> bool:
    """Whether the product comes out, and nothing is read that may not have arrived."""
    given, wanted = expected()
    result = np.zeros((32, 16), "float32")
    try:
        interpret_threads(program, [*given.values(), result], order)
    except VerifyError:
        return False
    return not _agrees(wanted, [result])


WAITS = {1: [0, 0], 2: [0, 0], 3: [1, 0], 4: [2, 2, 0]}
"""Groups that go on at each barrier: in the loop, and then before what comes after it. Of four
copies the loop fills none that is read first after it, so that read waits for its own alone."""


@pytest.mark.parametrize("copies", WAITS)
def test_each_step_waits_for_its_own_copies(copies: int) -> None:
    program = program_of(copies)
    assert all(is_right(program, order) for order in ("forward", "backward", 5))
    pending = [x.pending for x in stmts(program.body) if isinstance(x, Barrier)]
    assert pending == WAITS[copies]
    commits = sum(isinstance(x, Commit) for x in stmts(program.body))
    assert commits == (copies if copies > 2 else 0), "before the loop, and one in it"


@pytest.mark.parametrize("what", ["barrier", "pending", "commit"])
def test_every_wait_is_needed(what: str) -> None:
    """Without a barrier, a wait, or with a group too many on its way, something is not there."""
    program = program_of(3)
    marked = [
        x for x in stmts(program.body) if isinstance(x, Commit if what == "commit" else Barrier)
    ]
    assert marked
    for chosen in marked:

        def without(x: Stmt, chosen: Stmt = chosen) -> Stmt | None:
            if x is not chosen:
                return None
            more = isinstance(x, Barrier) and what == "pending"
            return Barrier(x.buffers, x.pending + 1) if more else Seq(())

        lacking = program.with_body(rewrite(program.body, without))
        assert not all(is_right(lacking, order) for order in ("forward", "backward", 5))


def test_every_architecture_has_the_pipeline_its_way() -> None:
    s = pipelined(4)
    machine = t.targets.get({"name": "cuda", "architecture": "sm_80"})
    printed = machine.emit(machine.lower(s.mod))
    text = machine.code(printed, "cuda")
    assert text.count("wait_for_groups<2>(); __syncthreads();") == 2
    assert text.count("    commit_copies();") == 4
    sass = machine.code(printed, "sass")
    assert "LDGDEPBAR" in sass
    assert "DEPBAR.LE SB0, 0x2" in sass
    older = s.code("cuda", {"name": "cuda", "architecture": "sm_75"})
    assert "copies" not in older
    assert older.count("__syncthreads();") == 2
    assert "(ko + 3) % 4" in older
    kernels = s.code("opencl")
    assert kernels.count("barrier(CLK_LOCAL_MEM_FENCE);") >= 2
    assert "(ko + 3) % 4" in kernels


@cache
def before_waits(copies: int) -> Program:
    """The product before its barriers are told what to wait for, in a loop of so many iterations
    that places are taken in turn."""
    program = pipelined(copies, 4 * copies).mod
    for step in takewhile(
        lambda step: step.name != "waits", device_passes(instructions_of((8, 0)))
    ):
        program = step.run(program)
    return program


def with_trips(program: Program, trips: int, outer: int = 1) -> Program:
    """The loop around barriers with other numbers of iterations, in one of `outer` iterations."""

    def on_stmt(s: Stmt) -> Stmt | None:
        is_loop = isinstance(s, For) and s.kind == "serial"
        if not is_loop or not any(isinstance(x, Barrier) for x in stmts(s)):
            return None
        assert isinstance(s, For)
        loop = s.replace(extent=trips)
        return loop if outer == 1 else For(Var("outer"), outer, loop)

    return program.with_body(rewrite(program.body, on_stmt))


def waits_of(program: Program) -> list[int]:
    return [x.pending for x in stmts(program.body) if isinstance(x, Barrier)]


@pytest.mark.parametrize("copies", [2, 3, 4, 5])
def test_what_is_left_out_of_a_loop_says_nothing_new(
    copies: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = before_waits(copies)
    every = [with_trips(program, n, m) for n in range(1, 3 * copies + 3) for m in (1, 2, 5)]
    told = [wait_for_copies(each) for each in every]
    monkeypatch.setattr("tvmlab.lower.copy_waits.period", lambda index, var: None)
    for each, found in zip(every, told, strict=True):
        assert equal(found, wait_for_copies(each)), each


@pytest.mark.parametrize("copies", [3, 4])
def test_long_loops_are_gone_through_as_soon_as_short_ones(copies: int) -> None:
    program = before_waits(copies)
    short, long = (wait_for_copies(with_trips(program, n)) for n in (5 * copies, 10**9 * copies))
    assert waits_of(long) == waits_of(short)
    assert max(waits_of(long)) > 0


def test_copies_are_waited_for_where_the_loop_is_too_long_to_go_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tvmlab.lower.copy_waits.MOST_STEPS", 8)
    program = before_warps(pipelined(3))
    assert {x.pending for x in stmts(program.body) if isinstance(x, Barrier)} == {0}
    assert is_right(program)


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        (9, 2, "9 copies are none that iterations take by turns; give a number from 2 to 8"),
        (3, 2, "the loop holds 3 iterations at once; give as many copies"),
        (7, 7, "5 iterations do not fill 7 stages"),
    ],
)
def test_numbers_of_copies_that_cannot_be(first: int, second: int, why: str) -> None:
    s = pipelined(1)
    lines = [f's["{x}_cache"].double_buffer("ko", {n})' for x, n in (("A", first), ("B", second))]
    with pytest.raises(t.ScheduleError, match=why):
        s.apply_python("\n".join(lines))


def test_groups_are_printed_and_read() -> None:
    program = lower_for_device(reversed_rows().mod)

    def on_stmt(s: Stmt) -> Stmt | None:
        return Seq([Commit(), Barrier(s.buffers, 2)]) if isinstance(s, Barrier) else None

    changed = program.with_body(rewrite(program.body, on_stmt))
    assert "commit()" in str(changed)
    assert "barrier(B, pending=2)" in str(changed)
    assert str(parse_program(str(changed))) == str(changed)
    assert not equal(changed, program)
