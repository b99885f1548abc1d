"""Schedules for GPUs that tests of targets and of lowering share."""

from __future__ import annotations

import tvmlab as t


def tiled_matmul(n: int = 32, m: int = 48, k: int = 40, tile: int = 8) -> t.Schedule:
    """A matrix product whose operands are copied to shared memory, tile by tile."""
    a, b = t.placeholder((n, k), name="A"), t.placeholder((k, m), name="B")
    r = t.reduce_axis((0, k), name="k")
    c = t.compute((n, m), lambda y, x: t.sum(a[y, r] * b[r, x], axis=r), name="C")
    s = t.create_schedule(c)
    for axis in "yxk":
        s["C"].split(axis, tile)
    s["C"].reorder("yo", "xo", "ko", "yi", "xi", "ki")
    for name in "AB":
        s["C"].cache_read(name)
        s[f"{name}_cache"].compute_at("C", "ko")
        s[f"{name}_cache"].set_scope(f"{name}_cache", "shared")
    s["C"].bind("yo", "blockIdx.y")
    s["C"].bind("xo", "blockIdx.x")
    for block in ("C", "A_cache", "B_cache"):
        rows, columns = ("yi", "xi") if block == "C" else map(str, s[block].loops[-2:])
        s[block].bind(rows, "threadIdx.y")
        s[block].bind(columns, "threadIdx.x")
    return s


def uneven_elementwise(n: int = 1000, threads: int = 64, dtype: str = "float32") -> t.Schedule:
    """2 A + 1 in blocks of threads, the last of which is not full."""
    a = t.placeholder((n,), dtype, name="A")
    s = t.create_schedule(t.compute((n,), lambda i: a[i] * 2 + 1, name="B"))
    s["B"].split("i", threads)
    s["B"].bind("io", "blockIdx.x")
    s["B"].bind("ii", "threadIdx.x")
    return s


def reversed_rows(rows: int = 4, length: int = 32) -> t.Schedule:
    """Each row of A backwards, by way of shared memory that every thread fills for another."""
    a = t.placeholder((rows, length), "int32", name="A")
    b = t.compute((rows, length), lambda y, x: a[y, x] + 1, name="B")
    c = t.compute((rows, length), lambda y, x: b[y, length - 1 - x] * 2, name="C")
    s = t.create_schedule(c)
    s["B"].compute_at("C", "y")
    s["B"].set_scope("B", "shared")
    s["C"].bind("y", "blockIdx.x")
    s["C"].bind("x", "threadIdx.x")
    s["B"].bind(str(s["B"].loops[-1]), "threadIdx.x")
    return s


def row_sums(rows: int = 6, length: int = 100, threads: int = 16) -> t.Schedule:
    """The sum of each row: by threads that add up parts, and a tree over their sums."""
    a = t.placeholder((rows, length), "int32", name="A")
    k = t.reduce_axis((0, length), name="k")
    s = t.create_schedule(t.compute((rows,), lambda y: t.sum(a[y, k], axis=k), name="C"))
    _, inner = s["C"].split("k", threads)
    s["C"].rfactor(inner)
    s["C_partial"].compute_at("C", "y")
    s["C_partial"].reorder("ki", "ko")
    s["C"].bind("y", "blockIdx.x")
    s["C_partial"].bind("ki", "threadIdx.x")
    s["C_partial"].set_scope("C_partial", "shared")
    s["C"].tree_reduce("ki")
    return s


def two_hops(length: int = 32) -> t.Schedule:
    """A row shifted twice, each time by way of shared memory of its own."""
    a = t.placeholder((4, length), "int32", name="A")
    b = t.compute((4, length), lambda y, x: a[y, x] + 1, name="B")
    c = t.compute((4, length), lambda y, x: b[y, length - 1 - x] * 3, name="C")
    d = t.compute((4, length), lambda y, x: c[y, length - 1 - x] - 5, name="D")
    e = t.compute((4, length), lambda y, x: d[y, length - 1 - x], name="E")
    s = t.create_schedule(e)
    for name in "DCB":
        s[name].compute_at("E", "y")
        s[name].set_scope(name, "shared")
        s[name].bind(str(s[name].loops[-1]), "threadIdx.x")
    s["E"].bind("y", "blockIdx.x")
    s["E"].bind("x", "threadIdx.x")
    return s


def one_row_after_the_other(columns: int = 33) -> t.Schedule:
    """Rows times their numbers, added up by as many launches of a kernel."""
    a = t.placeholder((5, columns), "int32", name="A")
    k = t.reduce_axis((0, 5), name="k")
    times = k.astype("int32") + 1
    element = t.compute((columns,), lambda x: t.sum(a[k, x] * times, axis=k), name="C")
    s = t.create_schedule(element)
    s["C"].reorder("k", "x")
    s["C"].split("x", min(8, columns))
    s["C"].bind("xo", "blockIdx.x")
    s["C"].bind("xi", "threadIdx.x")
    return s


def any_length(threads: int = 64) -> t.Schedule:
    """2 A + 1 of a length that the arrays tell, in as many blocks as it needs."""
    n = t.var("n")
    a = t.placeholder((n,), "int32", name="A")
    s = t.create_schedule(t.compute((n,), lambda i: a[i] * 2 + 1, name="B"))
    s["B"].split("i", threads)
    s["B"].bind("io", "blockIdx.x")
    s["B"].bind("ii", "threadIdx.x")
    return s


def any_rows(tile: int = 8) -> t.Schedule:
    """Rows of A, as many as there are, times B, by way of memory that is as large as they need."""
    n = t.var("n")
    a, b = t.placeholder((n, 24), "int32", name="A"), t.placeholder((24, 16), "int32", name="B")
    k = t.reduce_axis((0, 24), name="k")
    p = t.compute((n, 24), lambda y, x: a[y, x] + 1, name="P")
    c = t.compute((n, 16), lambda y, x: t.sum(p[y, k] * b[k, x], axis=k), name="C")
    s = t.create_schedule(c)
    for block in "PC":
        s[block].split("y", tile)
        loops = [str(loop) for loop in s[block].loops]
        s[block].bind(loops[0], "blockIdx.x")
        s[block].bind(loops[1], "threadIdx.y")
        s[block].bind(loops[2], "threadIdx.x")
    return s


def stepwise_lstm(bound: tuple[str, ...] = ("H_first", "C_first", "gates", "H_next")) -> t.Schedule:
    """A recurrence whose steps in time are launches, of the blocks that are `bound`."""
    s = t.create_schedule(t.ops.lstm(4, 16).tensors)
    for block in bound:
        s[block].split("j", 4)
        if block == "gates":
            s[block].reorder("jo", "ji", "g", "b", "k")
        else:
            s[block].reorder("jo", "ji", "b")
        s[block].bind("jo", "blockIdx.x")
        s[block].bind("ji", "threadIdx.x")
    return s


def in_shared_memory(columns: int) -> t.Schedule:
    """Rows turned round in shared memory, 4 bytes a column, by 256 threads."""
    a = t.placeholder((2, columns), name="A")
    p = t.compute((2, columns), lambda i, j: a[i, j] * 2.0, name="P")
    turned = t.compute((2, columns), lambda i, j: p[i, columns - 1 - j] + 1.0, name="C")
    s = t.create_schedule(turned)
    s["P"].compute_at("C", "i")
    s["P"].set_scope("P", "shared")
    s["C"].bind("i", "blockIdx.x")
    for block in ("P", "C"):
        _, threads = s[block].split("j", 256)
        s[block].bind(threads, "threadIdx.x")
    return s
