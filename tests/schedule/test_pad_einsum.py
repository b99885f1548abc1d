"""Sums of products over padded extents: where zeros add nothing, and what becomes legal then."""

from __future__ import annotations

import numpy as np
import pytest

import tvmlab as t
from tvmlab.te.tensor import Tensor


def _product(dtype: str = "float32", wide: str = "float32", m=13, n=21, k=10) -> Tensor:
    a, b = t.placeholder((k, m), dtype, name="A"), t.placeholder((k, n), dtype, name="B")
    r = t.reduce_axis((0, k), name="k")
    return t.compute(
        (m, n),
        lambda y, x: t.sum(a[r, y].astype(wide) * b[r, x].astype(wide), axis=r),
        name="C",
    )


@pytest.mark.parametrize(
    ("dtype", "wide"), [("float32", "float32"), ("int8", "int32"), ("bfloat16", "float32")]
)
@pytest.mark.parametrize("padding", [[8, 8, 8], [1, 1, 8], [16, 1, 1], [1, 4, 3]])
def test_it_computes_the_same(dtype: str, wide: str, padding: list[int]) -> None:
    s = t.create_schedule(_product(dtype, wide))
    s["C"].pad_einsum(padding)
    assert all(s.check())
    assert s.trace.to_python() == f's["C"].pad_einsum({padding})'


def test_an_instruction_takes_what_is_padded() -> None:
    c = _product()
    s = t.create_schedule(c)
    s["C"].pad_einsum([8, 8, 8])
    s["C"].tile("y", "x", "k", 8, 8, 8)
    s["C"].tensorize("yi", "gemm8x8")
    assert "for yo in range(2):" in str(s)
    assert "for xo in range(3):" in str(s)
    assert all(s.check())
    assert t.replay(c, s.trace.to_json()).trace.lines == s.trace.lines


def test_an_operand_used_twice_has_two_copies_and_one_of_its_own_one() -> None:
    a = t.placeholder((10, 13), name="A")
    k = t.reduce_axis((0, 10), name="k")
    s = t.create_schedule(
        t.compute((13, 13), lambda y, x: t.sum(a[k, y] * a[k, x] * a[k, y], axis=k), name="C")
    )
    s["C"].pad_einsum([4, 8, 4])
    assert s.blocks == ["A_pad", "A_pad_1", "C", "C_store"]
    assert "A_pad[vk, vy] * A_pad_1[vk, vx] * A_pad[vk, vy]" in str(s)
    assert all(s.check())


def test_part_of_an_operand_is_padded_where_that_part_ends() -> None:
    a, b = t.placeholder((20, 30), name="A"), t.placeholder((20,), name="B")
    k = t.reduce_axis((0, 10), name="k")
    s = t.create_schedule(t.compute((13,), lambda y: t.sum(a[k, y] * b[k], axis=k), name="C"))
    s["C"].pad_einsum([1, 8])
    assert "select(vi0 < 10, A[vi0, vi1], 0.0)" in str(s)
    assert all(s.check())


def _scaled(dtype: str) -> Tensor:
    a, b = t.placeholder((10, 13), dtype, name="A"), t.placeholder((13,), dtype, name="B")
    k = t.reduce_axis((0, 10), name="k")
    return t.compute((13,), lambda y: t.sum(a[k, y] * b[y], axis=k), name="C")


def test_zero_times_infinity_is_no_zero() -> None:
    s = t.create_schedule(_scaled("float32"))
    with pytest.raises(t.ScheduleError, match="zero times infinity is not zero") as caught:
        s["C"].pad_einsum([1, 4])
    assert caught.value.refusal.instead == "leave vk as it is, with the number 1"
    s["C"].pad_einsum([8, 1])
    kernel, out = t.build(s), np.zeros(13, "float32")
    kernel(np.ones((10, 13), "float32"), np.full(13, np.inf, "float32"), out)
    assert (out == np.inf).all()
    whole = t.create_schedule(_scaled("int32"))
    whole["C"].pad_einsum([8, 4])
    assert all(whole.check())


def test_what_would_add_more_than_zeros_is_refused() -> None:
    b = t.placeholder((13,), "int32", name="B")
    k = t.reduce_axis((0, 10), name="k")
    s = t.create_schedule(t.compute((13,), lambda y: t.sum(b[y] * b[y], axis=k), name="C"))
    with pytest.raises(t.ScheduleError, match="no factor depends on vk"):
        s["C"].pad_einsum([1, 4])
    a = t.placeholder((13, 10), name="A")
    s = t.create_schedule(t.compute((13,), lambda y: t.max(a[y, k] * a[y, k], axis=k), name="C"))
    with pytest.raises(t.ScheduleError, match="no sum, from zero, of products"):
        s["C"].pad_einsum([1, 4])
    s = t.create_schedule(t.compute((13,), lambda y: t.sum(t.exp(a[y, k]), axis=k), name="C"))
    with pytest.raises(t.ScheduleError, match="no sum, from zero, of products"):
        s["C"].pad_einsum([1, 4])


def test_factors_that_are_rounded_stay_zero() -> None:
    a, b = t.placeholder((5, 7), name="A"), t.placeholder((7, 6), name="B")
    k = t.reduce_axis((0, 7), name="k")
    c = t.compute((5, 6), lambda y, x: t.sum(t.tf32(a[y, k]) * t.tf32(b[k, x]), axis=k), name="C")
    s = t.create_schedule(c)
    s["C"].pad_einsum([4, 4, 4])
    assert s["C"].loops == ("y", "x", "k")
    assert s.check()
    root = t.compute((5, 6), lambda y, x: t.sum(t.exp(a[y, k]) * b[k, x], axis=k), name="C")
    s = t.create_schedule(root)
    with pytest.raises(t.ScheduleError, match="no sum, from zero, of products"):
        s["C"].pad_einsum([4, 4, 4])
