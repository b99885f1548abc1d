"""Folds by shuffles: against the reference in every order of threads, and as CUDA compiles them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import tvmlab as t
from tests.targets.gpu_schedules import row_sums
from tests.te.test_reducers import residue, welford
from tvmlab.errors import VerifyError
from tvmlab.ir.expr import Binary, Const
from tvmlab.ir.interpret_threads import interpret_threads
from tvmlab.ir.kernel import kernels_of
from tvmlab.ir.parse import parse_program
from tvmlab.ir.program import Barrier, If, Let, Program, Stmt
from tvmlab.ir.shuffle import SHUFFLES, is_shuffle
from tvmlab.ir.verify import verify
from tvmlab.ir.walk import rewrite, stmts
from tvmlab.lower.device_pipeline import lower_for_device
from tvmlab.measure.compare import compare
from tvmlab.ops import layer_norm, softmax
from tvmlab.schedule import Trace, replay_python
from tvmlab.te.evaluate import evaluate, random_inputs
from tvmlab.te.tensor import Tensor

ORDERS = ("forward", "backward", 5)
FOLDS: dict[str, Callable[[Any, Any], Any]] = {
    "sum": lambda e, k: t.sum(e, axis=k),
    "max": lambda e, k: t.max(e, axis=k),
    "argmin": lambda e, k: t.argmin((k.astype("int32"), e), axis=k),
    "residue": lambda e, k: residue(e % 89 + 1, axis=k),
    "welford": lambda e, k: welford((1.0, e.astype("float32"), 0.0), axis=k),
}


def counted(program: Program) -> tuple[int, int]:
    """The shuffles and the barriers of a program."""
    every = list(stmts(program.body))
    shuffles = sum(isinstance(s, Let) and is_shuffle(s.value) for s in every)
    return shuffles, sum(isinstance(s, Barrier) for s in every)


def is_right(program: Program, outputs: Sequence[Tensor], order: str | int) -> bool:
    """Whether a lowered program computes what its expression does."""
    given = random_inputs(outputs, 2)
    expected = evaluate(outputs, given)
    results = [np.zeros(o.extents, o.dtype) for o in outputs]
    interpret_threads(program, [*given.values(), *results], order)
    return all(
        bool(compare(got, want.value, want.bound, want.name))
        for got, want in zip(results, expected, strict=True)
    )


def folded(fold: Callable[[Any, Any], Any], threads: int, rows: int = 0) -> t.Schedule:
    """Five rows folded by `threads` each, `rows` of them in one block where that is not 0."""
    a = t.placeholder((5, 2 * threads + 3), "int32", name="A")
    k = t.reduce_axis((0, 2 * threads + 3), name="k")
    made = t.compute((5,), lambda y: fold(a[y, k], k), name="C")
    s = t.create_schedule(made)
    block = s.blocks[0]
    s[block].split("k", threads)
    s[block].rfactor("ki")
    partial = f"{block}_partial"
    s[partial].compute_at(block, "y")
    s[partial].reorder("ki", "ko")
    if rows:
        outer, inner = s[block].split("y", rows)
        s[block].bind(inner, "threadIdx.y")
        s[block].bind(outer, "blockIdx.x")
    else:
        s[block].bind("y", "blockIdx.x")
    s[partial].bind("ki", "threadIdx.x")
    s[block].tree_reduce("ki")
    return s


@pytest.mark.parametrize("name", FOLDS)
@pytest.mark.parametrize("threads", [2, 16, 64])
def test_a_warp_folds_what_a_loop_folds(name: str, threads: int) -> None:
    s = folded(FOLDS[name], threads)
    program = lower_for_device(s.mod, SHUFFLES)
    verify(program, scheduled=False)
    assert str(parse_program(str(program))) == str(program)
    results = len(s.outputs)
    assert counted(program) == (
        results * (threads - 1).bit_length(),
        0 if threads <= 32 else 1,
    )
    assert all(is_right(program, s.outputs, order) for order in ORDERS)


@pytest.mark.parametrize(("threads", "rows"), [(8, 2), (8, 5), (32, 3), (64, 2)])
def test_rows_that_share_a_warp_or_are_not_there(threads: int, rows: int) -> None:
    s = folded(FOLDS["sum"], threads, rows)
    program = lower_for_device(s.mod, SHUFFLES)
    assert counted(program) == ((threads - 1).bit_length(), 0 if threads <= 32 else 1)
    assert all(is_right(program, s.outputs, order) for order in ORDERS)


@pytest.mark.parametrize("threads", [7, 24, 96])
def test_other_counts_go_through_shared_memory(threads: int) -> None:
    s = folded(FOLDS["sum"], threads)
    program = lower_for_device(s.mod, SHUFFLES)
    assert counted(program)[0] == 0
    assert is_right(program, s.outputs, 5)


def test_threads_that_are_no_neighbours_go_through_shared_memory() -> None:
    """Along y, beside others along x: their numbers are not next to each other."""
    s = folded(FOLDS["sum"], 8, 2)
    text = str(lower_for_device(s.mod, SHUFFLES))
    assert "shuffle_xor" in text
    swapped = t.create_schedule(s.outputs)
    said = Trace(s.state).to_python().replace("threadIdx.x", "threadIdx.t")
    said = said.replace("threadIdx.y", "threadIdx.x").replace("threadIdx.t", "threadIdx.y")
    program = lower_for_device(replay_python(swapped.state, said).program, SHUFFLES)
    assert counted(program) == (0, 3)
    assert is_right(program, s.outputs, 5)


@pytest.mark.parametrize("make", [softmax, layer_norm])
def test_rows_by_their_template_wait_once_a_fold_and_once_a_value(
    make: Callable[..., Any],
) -> None:
    workload = make(3, 256)
    template = workload.template("cuda")
    s = t.create_schedule(workload.tensors)
    template.apply(s, template.default(workload.tensors))
    shared, by_shuffles = lower_for_device(s.mod), lower_for_device(s.mod, SHUFFLES)
    assert counted(by_shuffles)[0] == 14
    assert counted(by_shuffles)[1] <= counted(shared)[1] // 3
    assert is_right(by_shuffles, s.outputs, "backward")
    sass = s.code("sass", {"name": "cuda", "architecture": "sm_75"})
    assert sass.count("SHFL.BFLY") == 14
    assert sass.count("BAR.SYNC") == counted(by_shuffles)[1]


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int64", "float16", "bfloat16", "float64"])
def test_every_size_travels(dtype: str) -> None:
    a = t.placeholder((4, 64), dtype, name="A")
    k = t.reduce_axis((0, 64), name="k")
    s = t.create_schedule(t.compute((4,), lambda y: t.max(a[y, k], axis=k), name="C"))
    s["C"].split("k", 32)
    s["C"].rfactor("ki")
    s["C_partial"].compute_at("C", "y")
    s["C_partial"].reorder("ki", "ko")
    s["C"].bind("y", "blockIdx.x")
    s["C_partial"].bind("ki", "threadIdx.x")
    s["C"].tree_reduce("ki")
    assert "shfl.sync.bfly" in s.code("ptx", {"name": "cuda", "architecture": "sm_80"})
    assert is_right(lower_for_device(s.mod, SHUFFLES), s.outputs, "forward")


def test_threads_that_part_at_a_shuffle_are_told() -> None:
    program = lower_for_device(row_sums(2, 40, 8).mod, SHUFFLES)
    (kernel,) = kernels_of(program)
    thread, _ = kernel.axes["threadIdx.x"]

    def some(s: Stmt) -> Stmt | None:
        is_first = isinstance(s, Let) and s.var.name == "C_by1"
        return If(Binary("<", thread, Const(5, "int64")), s) if is_first else None

    apart = program.with_body(rewrite(program.body, some))
    arrays = [np.ones((2, 40), np.int32), np.zeros(2, np.int32)]
    with pytest.raises(VerifyError, match="threads of one warp come to different shuffles"):
        interpret_threads(apart, arrays)


def test_a_thread_that_is_not_there_is_not_asked() -> None:
    program = lower_for_device(row_sums(2, 40, 8).mod, SHUFFLES)
    beyond = parse_program(str(program).replace("shuffle_xor(C_by1, 4)", "shuffle(C_by1, ki + 1)"))
    with pytest.raises(VerifyError, match="thread 7 asks thread 8"):
        interpret_threads(beyond, [np.ones((2, 40), np.int32), np.zeros(2, np.int32)])
