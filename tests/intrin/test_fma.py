"""The register tile as an instruction: 64 multiply-adds of 16 lanes and nothing beside them."""

from __future__ import annotations

import re

import pytest

import tvmlab as t
from tests.intrin.test_dot import text_for
from tvmlab.te.tensor import Tensor


def _product(transpose_a: bool, m: int = 16, n: int = 64, k: int = 12) -> Tensor:
    a = t.placeholder((k, m) if transpose_a else (m, k), name="A")
    b = t.placeholder((k, n), name="B")
    r = t.reduce_axis((0, k), name="k")
    return t.compute(
        (m, n),
        lambda y, x: t.sum((a[r, y] if transpose_a else a[y, r]) * b[r, x], axis=r),
        name="C",
    )


@pytest.mark.parametrize(("name", "transpose_a"), [("fma8x32", False), ("fma8x32_t", True)])
def test_a_step_of_a_tile_is_multiply_adds_and_loads(name: str, transpose_a: bool) -> None:
    s = t.create_schedule(_product(transpose_a))
    s["C"].tile("y", "x", "k", 8, 32, 4)
    s["C"].tensorize("yi", name)
    first = "A[vk * 4, vy * 8]" if transpose_a else "A[vy * 8, vk * 4]"
    assert f"{name}(C[vy * 8, vx * 32], {first}, B[vk * 4, vx * 32])" in str(s)
    text = text_for(s.mod, 512)
    assert (
        text.count("call contract <16 x float> @llvm.fma.v16f32(")
        + text.count("call <16 x float> @llvm.fma.v16f32(")
        == 64
    )
    loop = text[text.index("loop.ko") :]
    assert len(re.findall(r"load <16 x float>", loop)) == 4 * 2
    assert len(re.findall(r"load float", loop)) == 4 * 8
    assert "fmul" not in text
    assert all(s.check())


def test_it_takes_operands_that_were_packed_for_it() -> None:
    s = t.create_schedule(_product(True))
    s["C"].cache_read("A")
    s["A_cache"].transform_layout("A_cache", "i, j -> j // 8, i, j % 8")
    s["C"].cache_read("B")
    s["B_cache"].transform_layout("B_cache", "i, j -> j // 32, i, j % 32")
    s["C"].tile("y", "x", "k", 8, 32, 4)
    s["C"].tensorize("yi", t.intrin.fma8x32_t)
    assert "fma8x32_t(C[vy * 8, vx * 32], A_cache[vy, vk * 4, 0], B_cache[vx, vk * 4, 0])" in str(s)
    assert all(s.check())
