"""The product of TVM's paper (OSDI 2018, figure 5) as it is printed: plain, tiled, tensorized."""

from __future__ import annotations

import tvmlab as t
from tvmlab.te.tensor import Tensor

PLAIN = """\
def C(A: float32[1024, 1024], B: float32[1024, 1024], C: float32[1024, 1024]):
    for y in range(1024):
        for x in range(1024):
            for k in range(1024):
                with block("C", vy=y, vx=x, vk=reduce(k)):
                    with init():
                        C[vy, vx] = 0.0
                    C[vy, vx] = C[vy, vx] + A[vk, vy] * B[vk, vx]"""

TILED = """\
def C(A: float32[1024, 1024], B: float32[1024, 1024], C: float32[1024, 1024]):
    for yo in range(128):
        for xo in range(128):
            for ko in range(128):
                for yi in range(8):
                    for xi in range(8):
                        for ki in range(8):
                            with block("C", vy=yo * 8 + yi, vx=xo * 8 + xi, vk=reduce(ko * 8 + ki)):
                                with init():
                                    C[vy, vx] = 0.0
                                C[vy, vx] = C[vy, vx] + A[vk, vy] * B[vk, vx]"""

TENSORIZED = """\
def C(A: float32[1024, 1024], B: float32[1024, 1024], C: float32[1024, 1024]):
    for yo in range(128):
        for xo in range(128):
            for ko in range(128):
                with block("C", vy=yo, vx=xo, vk=reduce(ko)):
                    with init():
                        fill_zero(C[vy * 8, vx * 8])
                    fused_gemm8x8_add(C[vy * 8, vx * 8], A[vk * 8, vy * 8], B[vk * 8, vx * 8])"""


def _product() -> Tensor:
    a = t.placeholder((1024, 1024), name="A")
    b = t.placeholder((1024, 1024), name="B")
    k = t.reduce_axis((0, 1024), name="k")
    return t.compute((1024, 1024), lambda y, x: t.sum(a[k, y] * b[k, x], axis=k), name="C")


def test_the_three_programs_of_the_figure() -> None:
    c = _product()
    s = t.create_schedule(c)
    assert str(s) == PLAIN
    _, _, _, yi, _, _ = s[c].tile("y", "x", "k", 8, 8, 8)
    assert str(s) == TILED
    s[c].tensorize(yi, t.intrin.gemm8x8)
    assert str(s) == TENSORIZED
