"""Threads of a block at once: a program is right in every order, or a barrier is missing."""

from __future__ import annotations

import numpy as np
import pytest

import tvmlab as t
from tests.targets.gpu_schedules import reversed_rows, tiled_matmul
from tvmlab.errors import VerifyError
from tvmlab.ir.expr import Binary, Const
from tvmlab.ir.interpret_threads import Copies, Order, interpret_threads
from tvmlab.ir.kernel import kernels_of
from tvmlab.ir.program import Barrier, If, Program, Seq, Stmt
from tvmlab.ir.walk import rewrite, stmts
from tvmlab.lower.device_pipeline import lower_for_device

ORDERS: tuple[Order, ...] = ("forward", "backward", 7)


def is_right(program: Program, order: Order) -> bool:
    """Whether a product, or the rows backwards, come out as NumPy has them."""
    rng = np.random.default_rng(3)
    *inputs, result = (rng.integers(-9, 9, b.extents).astype(b.dtype) for b in program.params)
    interpret_threads(program, [*inputs, result], order)
    if len(inputs) == 2:
        return bool((inputs[0] @ inputs[1] == result).all())
    return bool(((inputs[0] + 1) * 2 == result[:, ::-1]).all())


def _is_right_or_refused(program: Program, order: Order) -> bool:
    try:
        return is_right(program, order)
    except VerifyError:
        return False


@pytest.mark.parametrize("schedule", [reversed_rows(), tiled_matmul(8, 4, 8, 4)])
def test_every_order_is_right_and_every_barrier_is_needed(schedule: t.Schedule) -> None:
    program = lower_for_device(schedule.mod)
    assert all(is_right(program, order) for order in ORDERS)
    for barrier in [s for s in stmts(program.body) if isinstance(s, Barrier)]:

        def without(s: Stmt, barrier: Barrier = barrier) -> Stmt | None:
            return Seq(()) if s is barrier else None

        lacking = program.with_body(rewrite(program.body, without))
        assert not all(_is_right_or_refused(lacking, order) for order in ORDERS)


@pytest.mark.parametrize("pending", range(5))
def test_a_wait_for_fewer_groups_than_were_begun_waits_for_the_first(pending: int) -> None:
    memory: list[int | None] = [0] * 3
    copies = Copies()
    for place in range(3):
        copies.begin(memory, place, place + 1)
        copies.commit()
    copies.wait(pending)
    arrived = max(0, 3 - pending)
    assert memory == [*range(1, arrived + 1), *[None] * (3 - arrived)]


def test_threads_that_part_at_a_barrier_are_told() -> None:
    program = lower_for_device(reversed_rows().mod)
    (kernel,) = kernels_of(program)
    thread, _ = kernel.axes["threadIdx.x"]

    def on_stmt(s: Stmt) -> Stmt | None:
        some = If(Binary("<", thread, Const(5, "int64")), Barrier(()))
        return Seq([*s.stmts, some]) if isinstance(s, Seq) else None

    with pytest.raises(VerifyError, match="come to different barriers"):
        is_right(program.with_body(rewrite(program.body, on_stmt)), "forward")
