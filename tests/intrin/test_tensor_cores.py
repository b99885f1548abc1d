"""TensorCores' instructions, proved on a machine that has none: they are matrices there."""

from __future__ import annotations

import pytest

import tvmlab as t
from tests.intrin.tensor_cores import MEMBERS, product, tensorized
from tvmlab.ir import equal
from tvmlab.ir.instruction import INSTRUCTIONS, is_collective
from tvmlab.ir.parse import parse_program
from tvmlab.ir.program import Invoke
from tvmlab.ir.walk import stmts
from tvmlab.schedule.primitives import Tensorize


@pytest.mark.parametrize(("family", "dtype"), MEMBERS)
def test_a_product_of_warps_is_the_product(family: str, dtype: str) -> None:
    s = tensorized(family, dtype, by_columns=(family == "mma") == (dtype == "float16"))
    (found,) = s.check()
    assert found
    assert dtype != "int8" or found.max_error == 0


def test_the_program_names_tiles_and_reads_back() -> None:
    s = tensorized("mma", "float16")
    invoked = [x for x in stmts(s.mod.body) if isinstance(x, Invoke)]
    assert [x.name for x in invoked] == [
        "mma_load_a_f16", "mma_load_b_f16", "mma_f16_start", "mma_f16", "mma_store_f32",
    ]  # fmt: skip
    assert all(map(is_collective, invoked))
    assert (
        "mma_f16(C_cache[vy * 16, vx * 8], A_cache_cache[vy * 16, vk * 16], "
        "B_cache_cache[vk * 16, vx * 8])" in str(s)
    )
    assert equal(parse_program(str(s)), s.mod)
    assert equal(t.replay(product("float16"), s.trace.to_json()).mod, s.mod)


def test_others_are_not_of_a_warp() -> None:
    together = {name for name, i in INSTRUCTIONS.items() if i.collective}
    assert {name.split("_")[0] for name in together} == {"mma", "wmma"}
    assert "gemm8x8" not in together


def test_sums_in_a_narrower_type_are_another_computation() -> None:
    a, b = t.placeholder((16, 16), "float16", name="A"), t.placeholder((16, 8), "float16", name="B")
    k = t.reduce_axis((0, 16), name="k")
    c = t.compute((16, 8), lambda y, x: t.sum(a[y, k] * b[k, x], axis=k), name="C")
    s = t.create_schedule(c)
    with pytest.raises(t.ScheduleError, match="is not written as mma_f16 writes its result"):
        s[c].tensorize("y", "mma_f16")


def test_registers_of_one_warp_are_not_handed_to_another() -> None:
    s = t.create_schedule(product("float16"))
    s["C"].cache_read("A")
    s["A_cache"].compute_at("C", "y")
    s["C"].bind("x", "threadIdx.y")
    with pytest.raises(t.ScheduleError, match=r"threadIdx\.y"):
        s["A_cache"].set_scope("A_cache", "warp")


def test_they_are_offered_where_loops_are_as_long() -> None:
    s = t.create_schedule(product("float16", m=16, n=8, k=16))
    moves = {m.instruction for m in Tensorize.moves(s.mod, "C", "y")}
    assert "mma_f16" in moves
    assert not moves & {"wmma_f16", "mma_s8"}
