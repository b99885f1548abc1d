"""Instructions of warps on a device: who executes them, what waits for them, where tiles lie."""

from __future__ import annotations

import numpy as np
import pytest

from tests.intrin.tensor_cores import tensorized
from tvmlab.ir.instruction import is_collective
from tvmlab.ir.interpret_threads import interpret_threads
from tvmlab.ir.kernel import kernels_of
from tvmlab.ir.program import Barrier, For, If, Invoke, Program
from tvmlab.ir.walk import stmts
from tvmlab.lower.device_pipeline import device_passes, lower_for_device
from tvmlab.schedule import Schedule
from tvmlab.targets.cuda.dialect import instructions_of

KNOWN = instructions_of((8, 0))


def lowered(s: Schedule) -> Program:
    return lower_for_device(s.mod, KNOWN)


def executed(program: Program) -> list[str]:
    return [s.name for s in stmts(program.body) if isinstance(s, Invoke)]


def pipelined(**options: bool) -> Schedule:
    """A product whose next step is fetched while one is computed."""
    s = tensorized("mma", "int8", by_columns=True, m=64, n=16, k=96, **options)
    s["C"].annotate("ko", "software_pipeline_stage", (0, 0, 1))
    return s


@pytest.mark.parametrize("order", ["forward", "backward", 3])
@pytest.mark.parametrize("is_async", [False, True])
def test_the_product_is_exact_whichever_thread_is_first(order: str | int, is_async: bool) -> None:
    """Before a warp executes together, its last thread does: in any order of threads and warps."""
    program = pipelined(is_async=is_async).mod
    for step in device_passes(KNOWN):
        program = program if step.name == "warps" else step.run(program)
    rng = np.random.default_rng(0)
    a, b = (rng.integers(-128, 128, x.extents).astype("int8") for x in program.params[:2])
    c = np.full((64, 16), 7, "int32")
    interpret_threads(program, [a, b, c], order)
    assert (c == a.astype("int32") @ b.astype("int32").T).all()


def test_copies_go_on_by_themselves_only_where_a_barrier_waits_for_them() -> None:
    program = lowered(pipelined(is_async=True))
    assert executed(program).count("copy_async_s8") == 4, "before the loop and in it"
    (ko,) = [s for s in stmts(program.body) if isinstance(s, For) and s.var.name == "ko"]
    assert sum(isinstance(s, Barrier) for s in stmts(ko.body)) == 1
    others = lowered(tensorized("mma", "int8", is_async=True, is_stored_by_elements=True))
    assert "copy_async_s8" not in executed(others), "threads read what they copied"


@pytest.fixture(scope="module")
def program() -> Program:
    return lowered(tensorized("mma", "float16"))


def test_all_threads_of_a_warp_execute_them(program: Program) -> None:
    assert executed(program) == [
        "mma_f16_start", "mma_load_a_f16", "mma_load_b_f16", "mma_f16", "mma_store_f32",
    ]  # fmt: skip
    assert not [s for s in stmts(program.body) if isinstance(s, If)]
    (kernel,) = kernels_of(program)
    assert kernel.block == (32, 2, 1)


def test_warps_wait_for_what_all_threads_fetch(program: Program) -> None:
    (ko,) = [s for s in stmts(program.body) if isinstance(s, For) and s.var.name == "ko"]
    order = [
        type(s).__name__ if isinstance(s, Barrier) else s.name
        for s in stmts(ko.body)
        if isinstance(s, Barrier) or (isinstance(s, Invoke) and is_collective(s))
    ]
    assert order == ["Barrier", "Barrier", "mma_load_a_f16", "mma_load_b_f16", "mma_f16"]
    assert sum(isinstance(s, Barrier) for s in stmts(program.body)) == 2, "none for the results"


def test_each_warp_has_its_own_tiles_with_constant_numbers(program: Program) -> None:
    (kernel,) = kernels_of(program)
    sizes = {b.name: b.extents for b in kernel.allocated if b.scope == "warp"}
    assert sizes == {
        "C_cache": (32, 16), "A_cache_cache": (32, 16), "B_cache_cache": (16, 16)
    }  # fmt: skip
    text = str(program)
    for loop in ("yiio", "xio", "i0io"):
        assert f"for {loop} in unrolled(2):" in text
    assert "for kio in range(2):" in text, "which numbers no tile"


def test_a_kernel_without_a_loop_over_threads_has_32(program: Program) -> None:
    s = tensorized("mma", "float16", warps=1)
    assert kernels_of(lowered(s))[0].block == (32, 1, 1)


def test_where_one_tile_is_touched_otherwise_all_is_spelled_out() -> None:
    """The results are read element by element: no register has a number then."""
    s = tensorized("mma", "float16", is_stored_by_elements=True)
    found = executed(lowered(s))
    assert "mma_f16" not in found
    assert "mma_load_a_f16" not in found
    assert all(s.check())


def test_those_a_device_lacks_are_spelled_out() -> None:
    s = tensorized("wmma", "int8")
    assert executed(lower_for_device(s.mod)) == []
    assert "wmma" in str(lower_for_device(s.mod, {n for n in KNOWN if n.startswith("wmma")}))
