"""Workloads in Numba: plain loops, compiled with fastmath and, for several threads, parallel.

Blocked products keep a panel of the right operand in the first cache, the textbook's first step
(Goto and van de Geijn, Anatomy of High-Performance Matrix Multiplication, 2008).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from peers.call import Array, Contender, threads, window_of
from tvmlab.ops import Workload
from tvmlab.ops.layer_norm import EPSILON

BLOCK = 64
"""Rows and columns of a block: 64 x 64 floats are half of a first cache of 32 KiB."""

SQUARE = 32
"""Rows and columns of a square of a transposition."""

Kernel = Callable[..., None]
Jit = Callable[[Kernel], Kernel]


def matmul(numba: Any, jit: Jit, workload: Workload) -> Kernel:
    transposed = bool(workload.args["transpose_a"])

    def kernel(a: Array, b: Array, c: Array) -> None:
        for y in numba.prange(c.shape[0]):
            c[y, :] = 0
            for k in range(b.shape[0]):
                left = a[k, y] if transposed else a[y, k]
                for x in range(c.shape[1]):
                    c[y, x] += left * b[k, x]

    return jit(kernel)


def blocked_matmul(numba: Any, jit: Jit, workload: Workload) -> Kernel:
    transposed = bool(workload.args["transpose_a"])

    def kernel(a: Array, b: Array, c: Array) -> None:
        rows, columns, depth = c.shape[0], c.shape[1], b.shape[0]
        for block in numba.prange((rows + BLOCK - 1) // BLOCK):
            c[block * BLOCK : (block + 1) * BLOCK, :] = 0
            for first in range(0, columns, BLOCK):
                for start in range(0, depth, BLOCK):
                    for y in range(block * BLOCK, min(rows, (block + 1) * BLOCK)):
                        for k in range(start, min(depth, start + BLOCK)):
                            left = a[k, y] if transposed else a[y, k]
                            for x in range(first, min(columns, first + BLOCK)):
                                c[y, x] += left * b[k, x]

    return jit(kernel)


def batch_matmul(numba: Any, jit: Jit, workload: Workload) -> Kernel:
    def kernel(a: Array, b: Array, c: Array) -> None:
        for row in numba.prange(c.shape[0] * c.shape[1]):
            n, y = row // c.shape[1], row % c.shape[1]
            c[n, y, :] = 0
            for k in range(b.shape[1]):
                for x in range(c.shape[2]):
                    c[n, y, x] += a[n, y, k] * b[n, k, x]

    return jit(kernel)


def narrow_matmul(numba: Any, jit: Jit, workload: Workload) -> Kernel | None:
    if workload.args["dtype"] != "uint8":
        return None  # Numba has no bfloat16 on the CPU

    def kernel(a: Array, b: Array, c: Array) -> None:
        for y in numba.prange(c.shape[0]):
            c[y, :] = 0
            for k in range(b.shape[0]):
                for x in range(c.shape[1]):
                    c[y, x] += np.int32(a[y, k]) * np.int32(b[k, x])

    return jit(kernel)


def multiply_add_relu(numba: Any, jit: Jit, workload: Workload) -> Kernel:
    def kernel(a: Array, b: Array, c: Array, out: Array) -> None:
        for i in numba.prange(len(out)):
            out[i] = max(a[i] * b[i] + c[i], np.float32(0))

    return jit(kernel)


def softmax(numba: Any, jit: Jit, workload: Workload) -> Kernel:
    def kernel(x: Array, out: Array) -> None:
        for row in numba.prange(len(x)):
            highest = x[row].max()
            total = np.float32(0)
            for i in range(x.shape[1]):
                out[row, i] = np.exp(x[row, i] - highest)
                total += out[row, i]
            for i in range(x.shape[1]):
                out[row, i] /= total

    return jit(kernel)


def layer_norm(numba: Any, jit: Jit, workload: Workload) -> Kernel:
    epsilon = np.float32(EPSILON)

    def kernel(x: Array, gamma: Array, beta: Array, out: Array) -> None:
        count = np.float32(x.shape[1])
        for row in numba.prange(len(x)):
            total = np.float32(0)
            for i in range(x.shape[1]):
                total += x[row, i]
            mean, squares = total / count, np.float32(0)
            for i in range(x.shape[1]):
                squares += (x[row, i] - mean) ** 2
            scale = np.float32(1) / np.sqrt(squares / count + epsilon)
            for i in range(x.shape[1]):
                out[row, i] = (x[row, i] - mean) * scale * gamma[i] + beta[i]

    return jit(kernel)


def depthwise_conv2d(numba: Any, jit: Jit, workload: Workload) -> Kernel:
    window = window_of(workload)
    (rows, columns), (down, right) = window.kernel, window.stride
    top, left = window.sides[:2]

    def kernel(image: Array, weights: Array, out: Array) -> None:
        height, width = image.shape[2:]
        for plane in numba.prange(out.shape[0] * out.shape[1]):
            n, c = plane // out.shape[1], plane % out.shape[1]
            for y in range(out.shape[2]):
                out[n, c, y, :] = 0
                for i in range(rows):
                    at = y * down + i - top
                    if 0 <= at < height:
                        for j in range(columns):
                            factor = weights[c, i, j]
                            first = max(0, (left - j + right - 1) // right)
                            last = min(out.shape[3], (width - 1 + left - j) // right + 1)
                            for x in range(first, last):
                                out[n, c, y, x] += image[n, c, at, x * right + j - left] * factor

    return jit(kernel)


def transpose(numba: Any, jit: Jit, workload: Workload) -> Kernel | None:
    if not _is_matrix(workload):
        return None

    def kernel(x: Array, out: Array) -> None:
        for y in numba.prange(out.shape[0]):
            for z in range(out.shape[1]):
                out[y, z] = x[z, y]

    return jit(kernel)


def blocked_transpose(numba: Any, jit: Jit, workload: Workload) -> Kernel | None:
    """In squares, so that a line of either matrix is used up while it is in the first cache."""
    if not _is_matrix(workload):
        return None

    def kernel(x: Array, out: Array) -> None:
        rows, columns = out.shape
        for block in numba.prange((rows + SQUARE - 1) // SQUARE):
            for first in range(0, columns, SQUARE):
                for y in range(block * SQUARE, min(rows, (block + 1) * SQUARE)):
                    for z in range(first, min(columns, first + SQUARE)):
                        out[y, z] = x[z, y]

    return jit(kernel)


def _is_matrix(workload: Workload) -> bool:
    return tuple(workload.args["axes"]) == (1, 0)


def reduce(numba: Any, jit: Jit, workload: Workload) -> Kernel | None:
    shape = workload.args["shape"]
    if workload.args["by"] != "sum" or len(shape) != 2 or tuple(workload.args["axes"]) != (1,):
        return None

    def kernel(x: Array, out: Array) -> None:
        for row in numba.prange(len(x)):
            total = np.float32(0)
            for i in range(x.shape[1]):
                total += x[row, i]
            out[row] = total

    return jit(kernel)


def blur(numba: Any, jit: Jit, workload: Workload) -> Kernel:
    ninth = np.float32(1 / 9)

    def kernel(x: Array, out: Array) -> None:
        for i in numba.prange(out.shape[0]):
            for j in range(out.shape[1]):
                upper = x[i, j] + x[i, j + 1] + x[i, j + 2]
                middle = x[i + 1, j] + x[i + 1, j + 1] + x[i + 1, j + 2]
                lower = x[i + 2, j] + x[i + 2, j + 1] + x[i + 2, j + 2]
                out[i, j] = (upper + middle + lower) * ninth

    return jit(kernel)


KERNELS: Mapping[str, Callable[[Any, Jit, Workload], Kernel | None]] = {
    "matmul": matmul,
    "batch_matmul": batch_matmul,
    "narrow_matmul": narrow_matmul,
    "multiply_add_relu": multiply_add_relu,
    "softmax": softmax,
    "layer_norm": layer_norm,
    "depthwise_conv2d": depthwise_conv2d,
    "transpose": transpose,
    "reduce": reduce,
    "blur": blur,
}

BLOCKED: Mapping[str, Callable[[Any, Jit, Workload], Kernel | None]] = {
    "matmul": blocked_matmul,
    "transpose": blocked_transpose,
}


def make(workload: Workload, arrays: Sequence[Array]) -> Contender | None:
    """Plain loops, or None where they are not written here."""
    return _contender(KERNELS, workload, arrays)


def make_blocked(workload: Workload, arrays: Sequence[Array]) -> Contender | None:
    """The same in blocks, where that pays."""
    return _contender(BLOCKED, workload, arrays)


def _contender(
    kernels: Mapping[str, Callable[[Any, Jit, Workload], Kernel | None]],
    workload: Workload,
    arrays: Sequence[Array],
) -> Contender | None:
    found = kernels.get(workload.name)
    if found is None:
        return None
    numba = importlib.import_module("numba")
    # On one thread a parallel loop would only cost its launch.
    jit = numba.njit(fastmath=True, parallel=threads() > 1)
    numba.set_num_threads(threads())
    kernel = found(numba, jit, workload)
    if kernel is None:
        return None
    out = np.empty(workload.tensors[0].extents, workload.tensors[0].dtype)
    return Contender(lambda: kernel(*arrays, out), result=lambda _: out)
