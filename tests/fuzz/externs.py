"""Random computations said as statements, between others that steps move around them."""

from __future__ import annotations

import random

import tvmlab.te as te
from tvmlab.te.tensor import Tensor


def random_extern(rng: random.Random) -> Tensor:
    """Rows folded, reversed or counted by statements, of a computation, and read by another."""
    m, n = rng.choice((1, 2, 3, 5)), rng.choice((2, 3, 7, 8))
    dtype = rng.choice(("float32", "float64", "int32", "uint8"))
    A = te.placeholder((m, n), dtype, "A")
    B = te.compute((m, n), lambda y, x: A[y, x] * 2 + 1, "B")
    one = "1.0" if dtype == "float32" else f"{dtype}(1)"
    text = rng.choice(
        (
            f"""
            for y in range({m}):
                E[y, 0] = B[y, 0]
                for x in range({n - 1}):
                    E[y, x + 1] = E[y, x] + B[y, x + 1]
            """,
            f"""
            for y in range({m}):
                for x in range({n}):
                    if x < {n // 2}:
                        E[y, x] = B[y, {n - 1} - x]
                    else:
                        E[y, x] = max(B[y, x], {one})
            """,
            f"""
            for x in range({n}):
                for y in range({m}):
                    E[y, x] = {one}
            for y in range({m}):
                for x in range({n}):
                    E[y, x % 2] = E[y, x % 2] + B[y, x]
            """,
        )
    )
    E = te.extern((m, n), [B], text, name="E", dtype=dtype)
    if rng.random() < 0.3:
        return E
    k = te.reduce_axis((0, n), "k")
    return te.compute((m, n), lambda y, x: te.sum(E[y, k] * B[y, x], axis=k), "Y")
