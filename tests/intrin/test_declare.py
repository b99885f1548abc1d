"""Instructions of one's own: found, executed and printed; and what cannot be declared."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import tvmlab as t
from tests.intrin.test_dot import text_for
from tvmlab.ir.instruction import INSTRUCTIONS
from tvmlab.te.tensor import Tensor


@pytest.fixture(autouse=True)
def known_before() -> Iterator[None]:
    """What a test declares is forgotten after it."""
    before = dict(INSTRUCTIONS)
    yield
    INSTRUCTIONS.clear()
    INSTRUCTIONS.update(before)


def _fma(lanes: int = 8, depth: int = 4) -> Tensor:
    a = t.placeholder((depth,), name="A")
    b = t.placeholder((depth, lanes), name="B")
    k = t.reduce_axis((0, depth), name="k")
    return t.compute((lanes,), lambda x: t.sum(a[k] * b[k, x], axis=k), name="C")


def test_one_function_declares_what_a_schedule_executes() -> None:
    made = t.intrin.declare("fma8x4", _fma(), order=[("k", "unrolled"), ("x", "vectorized")])
    a, b = t.placeholder((3, 8), name="A"), t.placeholder((8, 16), name="B")
    k = t.reduce_axis((0, 8), name="k")
    c = t.compute((3, 16), lambda y, x: t.sum(a[y, k] * b[k, x], axis=k), name="C")
    s = t.create_schedule(c)
    s[c].tile("x", "k", 8, 4)
    s[c].tensorize("xi", made)
    assert "fma8x4_start(C[vy, vx * 8])" in str(s)
    assert "fma8x4(C[vy, vx * 8], A[vy, vk * 4], B[vk * 4, vx * 8])" in str(s)
    assert all(s.check())
    assert s.trace.to_python().endswith('s["C"].tensorize("xi", "fma8x4")')


def test_without_a_fold_there_is_no_start() -> None:
    a = t.placeholder((8,), name="A")
    t.intrin.declare("square8", t.compute((8,), lambda x: a[x] * a[x], name="C"))
    x = t.placeholder((2, 8), name="X")
    twice = t.create_schedule(t.compute((2, 8), lambda i, j: x[i, j] * x[i, j], name="Y"))
    twice["Y"].tensorize("j", "square8")
    assert "square8(Y[vi, 0], X[vi, 0])" in str(twice)
    assert all(twice.check())
    other = t.create_schedule(t.compute((8,), lambda j: x[0, j] * x[1, j], name="Y"))
    with pytest.raises(t.ScheduleError, match="computes something else"):
        other["Y"].tensorize("j", "square8")


@pytest.mark.parametrize("lanes", [12, 16])
def test_groups_of_a_row_that_is_no_vector_are_calculated(lanes: int) -> None:
    a = t.placeholder((4,), "uint8", name="A")
    b = t.placeholder((lanes, 4), "int8", name="B")
    k = t.reduce_axis((0, 4), name="k")
    c = t.compute(
        (lanes,),
        lambda x: t.sum(a[k].astype("int32") * b[x, k].astype("int32"), axis=k),
        name="C",
    )
    t.intrin.declare("dot4", c, order=[("x", "vectorized")], operation="dot4_u8s8")
    s = t.create_schedule(c)
    s["C"].tensorize("x", "dot4")
    text = text_for(s.mod, 512, "AVX-512VNNI")
    assert ("vpdpbusd" in text) == (lanes == 16)
    assert all(s.check())


def test_groups_that_stand_apart_in_memory_are_calculated() -> None:
    a = t.placeholder((4, 2), "uint8", name="A")
    b = t.placeholder((16, 4), "int8", name="B")
    k = t.reduce_axis((0, 4), name="k")
    c = t.compute(
        (2, 16),
        lambda y, x: t.sum(a[k, y].astype("int32") * b[x, k].astype("int32"), axis=k),
        name="C",
    )
    order = [("y", "unrolled"), ("x", "vectorized")]
    t.intrin.declare("dot2x4", c, order=order, operation="dot4_u8s8")
    s = t.create_schedule(c)
    s["C"].tensorize("y", "dot2x4")
    assert "vpdpbusd" not in text_for(s.mod, 512, "AVX-512VNNI")
    assert all(s.check())


def test_a_group_that_is_written_in_the_loop_is_loaded_in_it() -> None:
    a = t.placeholder((4, 8), "uint8", name="A")
    b = t.placeholder((16, 4), "int8", name="B")
    half = t.compute((4, 4), lambda y, k: a[y, k + 3] // 2, name="H")
    k = t.reduce_axis((0, 4), "k")
    c = t.compute(
        (4, 16),
        lambda y, x: t.sum(half[y, k].astype("int32") * b[x, k].astype("int32"), axis=k),
        name="C",
    )
    s = t.create_schedule(c)
    s[half].compute_at("C", "y")
    s[c].tensorize("x", "dot4_u8s8")
    assert "vpdpbusd" in text_for(s.mod, 512, "AVX-512VNNI")
    assert all(s.check())


def test_what_is_declared_is_listed() -> None:
    assert "declare" in dir(t.intrin)
    assert "gemm8x8" in t.intrin.__all__
    assert t.intrin.declare.__doc__
    with pytest.raises(t.UsageError, match="already"):
        t.intrin.declare("gemm8x8", _fma())
    with pytest.raises(t.UsageError, match="prints 'fill_zero' already"):
        t.intrin.declare("another", _fma(), start="fill_zero")


def _chain() -> Tensor:
    first = t.compute((8,), lambda x: _fma()[x] * 2.0, name="D")
    return t.compute((8,), lambda x: first[x] + 1.0, name="E")


def _shifted() -> Tensor:
    a = t.placeholder((9,), name="A")
    return t.compute((8,), lambda x: a[x + 1] * 2.0, name="C")


@pytest.mark.parametrize(
    ("name", "computation", "more", "words"),
    [
        ("8x8", _fma, {}, "not an identifier"),
        ("one", _chain, {}, "one t.compute of placeholders"),
        ("one", lambda: 3, {}, "one t.compute of placeholders"),
        ("one", _shifted, {}, "each index is an axis by itself"),
        ("one", _fma, {"order": [("z", "serial"), ("x", "serial")]}, "has the axes x, k"),
        ("one", _fma, {"order": [("x", "serial"), ("x", "serial")]}, "has the axes x, k"),
        ("one", _fma, {"order": [("x", "parallel"), ("k", "serial")]}, "serial, unrolled and vec"),
        ("one", _fma, {"order": [("x", "vectorized")]}, "only an operation folds axes"),
        (
            "one",
            _fma,
            {"order": [("x", "vectorized")], "operation": "dot9"},
            "there is no operation 'dot9'; there are dot4_u8s8",
        ),
        (
            "one",
            _fma,
            {"order": [("x", "vectorized")], "operation": "dot4_u8s8"},
            "dot4_u8s8 takes int32, uint8",
        ),
    ],
)
def test_what_cannot_be_declared(name, computation, more, words) -> None:
    with pytest.raises(t.UsageError, match=words) as caught:
        t.intrin.declare(name, computation(), **more)
    assert "\n" not in str(caught.value)
    assert "one" not in INSTRUCTIONS
