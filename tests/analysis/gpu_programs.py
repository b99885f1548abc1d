"""Scheduled programs with bound loops of every sort, small enough that each thread can be tried."""

from __future__ import annotations

from collections.abc import Callable

import tvmlab as t
from tvmlab.schedule import Schedule


def transpose(dtype: str = "float32") -> Schedule:
    """Reads rows, writes columns; sizes that tiles do not divide."""
    a = t.placeholder((40, 52), dtype=dtype, name="A")
    s = t.create_schedule(t.compute((52, 40), lambda i, j: a[j, i], name="C"))
    s["C"].tile("i", "j", 8, 16)
    s["C"].bind("io", "blockIdx.y")
    s["C"].bind("jo", "blockIdx.x")
    s["C"].bind("ii", "threadIdx.y")
    s["C"].bind("ji", "threadIdx.x")
    return s


def fused(dtype: str = "float32") -> Schedule:
    """One loop over all elements, so that indices are digits, under another shape."""
    a = t.placeholder((12, 35), dtype=dtype, name="A")
    s = t.create_schedule(t.compute((35, 12), lambda i, j: a[j, i] + a[(j + 1) % 12, i], name="C"))
    f = s["C"].fuse("i", "j")
    outer, inner = s["C"].split(f, 48)
    s["C"].bind(outer, "blockIdx.x")
    s["C"].bind(inner, "threadIdx.x")
    return s


def vectors(dtype: str = "float32") -> Schedule:
    """Lanes side by side, in rows whose length no vector divides for the narrow dtypes."""
    a = t.placeholder((6, 136), dtype=dtype, name="A")
    s = t.create_schedule(t.compute((6, 136), lambda i, j: a[i, j], name="C"))
    _, _, lane = s["C"].split("j", (None, 17, 4))
    s["C"].bind("i", "blockIdx.x")
    s["C"].bind("j1", "threadIdx.x")
    s["C"].vectorize(lane)
    return s


def broadcast(dtype: str = "float32") -> Schedule:
    """Every thread reads one element, every other one's neighbour, and a strided one; backwards."""
    a = t.placeholder((300,), dtype=dtype, name="A")
    s = t.create_schedule(
        t.compute((4, 64), lambda i, j: a[i] + a[j // 2] + a[j * 3 + 1] + a[255 - j], name="C")
    )
    s["C"].bind("i", "blockIdx.x")
    s["C"].bind("j", "threadIdx.x")
    return s


def shared(align: int, dtype: str = "float32") -> Schedule:
    """A tile goes through shared memory to be read by columns, rows `align` elements longer."""
    a = t.placeholder((48, 40), dtype=dtype, name="A")
    p = t.compute((48, 40), lambda i, j: a[i, j] + a[i, j], name="P")
    s = t.create_schedule(t.compute((40, 48), lambda i, j: p[j, i], name="C"))
    s["C"].tile("i", "j", 16, 16)
    s["P"].compute_at("C", "jo")
    s["C"].bind("io", "blockIdx.y")
    s["C"].bind("jo", "blockIdx.x")
    s["P"].set_scope("P", "shared")
    rows, columns = (str(loop) for loop in s["P"].loops[-2:])
    for block, y, x in (("P", rows, columns), ("C", "ii", "ji")):
        s[block].bind(y, "threadIdx.y")
        s[block].bind(x, "threadIdx.x")
    if align:
        s["P"].storage_align("P", 0, 16, align)
    return s


def product() -> Schedule:
    """A matrix product: a fold in each thread, two elements a thread, uneven sizes."""
    a, b = t.placeholder((20, 6), name="A"), t.placeholder((6, 36), name="B")
    k = t.reduce_axis((0, 6), name="k")
    s = t.create_schedule(t.compute((20, 36), lambda y, x: t.sum(a[y, k] * b[k, x], k), name="C"))
    s["C"].tile("y", "x", 8, 32)
    s["C"].split("yi", 2)
    s["C"].reorder("yo", "xo", "yii", "xi", "k", "yio")
    s["C"].bind("yo", "blockIdx.y")
    s["C"].bind("xo", "blockIdx.x")
    s["C"].bind("yii", "vthread")
    s["C"].bind("xi", "threadIdx.x")
    return s


def plain() -> Schedule:
    """A kernel without threads, in whose blocks one thread does everything."""
    a = t.placeholder((5, 9), name="A")
    s = t.create_schedule(t.compute((5, 9), lambda i, j: a[i, j] * 2.0, name="C"))
    s["C"].bind("i", "blockIdx.x")
    return s


PROGRAMS: dict[str, Callable[[], Schedule]] = {
    **{f"transpose {d}": (lambda d=d: transpose(d)) for d in ("float32", "float16", "int8")},
    **{f"fused {d}": (lambda d=d: fused(d)) for d in ("float32", "float64")},
    **{f"vectors {d}": (lambda d=d: vectors(d)) for d in ("float32", "float64", "int8")},
    **{f"broadcast {d}": (lambda d=d: broadcast(d)) for d in ("float32", "int16")},
    **{f"shared {n}": (lambda n=n: shared(n)) for n in (0, 1, 4)},
    **{f"shared {d}": (lambda d=d: shared(0, d)) for d in ("float16", "float64", "int8")},
    "product": product,
    "plain": plain,
}  # fmt: skip
