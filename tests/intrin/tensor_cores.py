"""Products on TensorCores: schedules whose tiles lie in the registers of warps."""

from __future__ import annotations

import tvmlab as t
from tvmlab.intrin.matrix_tiles import SHORT, Family, element, factor, wide
from tvmlab.intrin.mma import MMA
from tvmlab.intrin.wmma import WMMA
from tvmlab.ir import dtypes
from tvmlab.te.tensor import Tensor

FAMILIES = {"mma": MMA, "wmma": WMMA}
DTYPES = ("float16", "bfloat16", "int8")
MEMBERS = [(name, kind) for name, family in FAMILIES.items() for kind in family.shapes]


def product(dtype: str, by_columns: bool = False, m: int = 64, n: int = 32, k: int = 64) -> Tensor:
    """C[y, x] = sum of A[y, k] * B[k, x], or B[x, k], in the dtype that holds the products.

    Args:
        dtype: of the operands, or `tf32`.
    """
    a = t.placeholder((m, k), element(dtype), name="A")
    b = t.placeholder((n, k) if by_columns else (k, n), element(dtype), name="B")
    r = t.reduce_axis((0, k), name="k")

    def result(y: Tensor, x: Tensor) -> Tensor:
        right = b[x, r] if by_columns else b[r, x]
        return t.sum(factor(dtype, a[y, r]) * factor(dtype, right), axis=r)

    return t.compute((m, n), result, name="C")


def tensorized(
    family: str,
    dtype: str,
    by_columns: bool = False,
    warps: int = 2,
    threads: int = 32,
    apart: int = 0,
    chunk: int = 0,
    is_stored_by_elements: bool = False,
    is_async: bool = False,
    **sizes: int,
) -> t.Schedule:
    """The product in blocks of `warps` warps; each has two rows of tiles, 16 or 32 columns.

    Operands go through shared memory, which all threads of a block fill; `threads` of them along
    threadIdx.x; `apart`, if given, elements beyond a multiple of 32 from row to row;
    `chunk`, if given, elements of a chunk of swizzled rows.
    """
    members: Family = FAMILIES[family]
    shape = members.shapes[dtype]
    s = t.create_schedule(product(dtype, by_columns, **sizes))
    c = s["C"]
    c.cache_write()
    c.split("y", 2 * shape.rows * warps)
    c.split("yi", 2 * shape.rows)
    c.split("yii", shape.rows)
    c.split("x", 2 * shape.columns)
    c.split("xi", shape.columns)
    c.split("k", max(32, shape.steps))
    c.split("ki", shape.steps)
    c.reorder("yo", "xo", "ko", "yio", "kio", "yiio", "xio", "yiii", "xii", "kii")
    s["C_store"].reverse_compute_at("C", "xo")
    for operand in ("A", "B"):
        c.cache_read(operand)
        c.cache_read(f"{operand}_cache")
        if apart:
            s[f"{operand}_cache"].storage_align(f"{operand}_cache", 0, 32, apart)
        if chunk:
            s[f"{operand}_cache"].swizzle(f"{operand}_cache", chunk)
    _into_registers(s, "A", members.name_of("load_a", dtype), (shape.rows, shape.steps))
    if by_columns:
        load, tile = members.name_of("load_t", dtype), (shape.columns, shape.steps)
    else:
        load, tile = members.name_of("load_b", dtype), (shape.steps, shape.columns)
    _into_registers(s, "B", load, tile)
    c.tensorize("yiii", members.name_of("t" if by_columns else "", dtype))
    for operand in ("A", "B"):
        _through_shared(s, operand, warps, threads, dtype if is_async else "")
    if is_stored_by_elements:
        warp, _ = s["C_store"].split(s["C_store"].loops[-2], 2 * shape.rows)
        s["C_store"].bind(warp, "threadIdx.y")
    else:
        _out_of_registers(
            s, members.name_of("store", wide(dtype)), shape.rows, shape.columns, warps
        )
    c.bind("yo", "blockIdx.y")
    c.bind("xo", "blockIdx.x")
    if warps > 1:
        c.bind("yio", "threadIdx.y")
    for buffer in ("A_cache_cache", "B_cache_cache", "C_cache"):
        s["C"].set_scope(buffer, "warp")
    return s


def _through_shared(
    s: t.Schedule, operand: str, warps: int, threads: int, copied: str = ""
) -> None:
    """All threads of a block copy what its warps need in a step of ko; elements of the dtype
    `copied` asynchronously."""
    block = f"{operand}_cache"
    s[block].compute_at("C", "ko")
    s[block].set_scope(block, "shared")
    outer, inner = s[block].loops[-2:]
    fused = s[block].fuse(outer, inner)
    if copied:
        width = 16 // dtypes.size_bytes(copied)
        fused, row = s[block].split(fused, width)
        s[block].tensorize(row, f"copy_async_{SHORT[copied]}")
    rest, lanes = s[block].split(fused, threads)
    if warps > 1:
        rest, others = s[block].split(rest, warps)
        s[block].bind(others, "threadIdx.y")
    s[block].bind(lanes, "threadIdx.x")


def _into_registers(s: t.Schedule, operand: str, load: str, tile: tuple[int, int]) -> None:
    """Each warp loads its tiles of a step of kio."""
    block = f"{operand}_cache_cache"
    s[block].compute_at("C", "kio")
    rows, columns = s[block].loops[-2:]
    _, inner_rows = s[block].split(rows, tile[0])
    outer_columns, inner_columns = s[block].split(columns, tile[1])
    s[block].reorder(outer_columns, inner_rows, inner_columns)
    s[block].tensorize(inner_rows, load)


def _out_of_registers(s: t.Schedule, store: str, rows: int, columns: int, warps: int) -> None:
    """Each warp stores its tiles after the last step of ko."""
    block = s["C_store"]
    y, x = block.loops[-2:]
    warp, y = block.split(y, 2 * rows)
    outer_y, inner_y = block.split(y, rows)
    outer_x, inner_x = block.split(x, columns)
    block.reorder(outer_y, outer_x, inner_y, inner_x)
    block.tensorize(inner_y, store)
    if warps > 1:
        block.bind(warp, "threadIdx.y")
