import pytest

import tvmlab.te as te
from tvmlab.ir.expr import select
from tvmlab.ir.printer import expr_text
from tvmlab.ir.walk import blocks
from tvmlab.te.naive import lower_naive

STENCIL = """\
def B(A: float32[6], B: float32[4]):
    for i in range(4):
        for d in range(3):
            with block("B", vi=i, vd=reduce(d)):
                with init():
                    B[vi] = 0.0
                B[vi] = B[vi] + A[vi + (vd + 1) - 1]"""

TWO = """\
def D(A: int8[4], C: int32[4], D: int32[4]):
    P = allocate(int32[4])
    for i in range(4):
        with block("P", vi=i):
            P[vi] = int32(A[vi])
    for i in range(4):
        with block("C", vi=i):
            C[vi] = P[vi] + int32(1)
    for i in range(4):
        with block("D", vi=i):
            D[vi] = select(vi < 2, P[vi], C[vi])"""


def test_an_axis_that_does_not_start_at_zero_is_shifted():
    A = te.placeholder((6,), name="A")
    d = te.reduce_axis((1, 4), name="d")
    B = te.compute((4,), lambda i: te.sum(A[i + d - 1], axis=d), name="B")
    assert str(lower_naive([B])) == STENCIL


def test_outputs_are_parameters_and_the_rest_intermediates():
    A = te.placeholder((4,), "int8", name="A")
    P = te.compute((4,), lambda i: A[i].astype("int32"), name="P")
    C = te.compute((4,), lambda i: P[i] + 1, name="C")
    D = te.compute((4,), lambda i: select(i < 2, P[i], C[i]), name="D")
    program = lower_naive([C, D])
    assert str(program) == TWO
    assert program.outputs == 2
    assert [b.name for b in program.params] == ["A", "C", "D"]
    assert [b.name for b in program.buffers] == ["P"]


def test_names_that_clash_are_numbered():
    A = te.placeholder((4,), name="T")
    B = te.compute((4,), lambda i: A[i] + 1, name="T")
    C = te.compute((4,), lambda i: B[i] + 1, name="T")
    program = lower_naive([C])
    assert [b.name for b in (*program.params, *program.buffers)] == ["T", "T_2", "T_1"]
    k = te.reduce_axis((0, 4), name="i")
    D = te.compute((4,), lambda i: te.sum(A[i] * A[k], axis=k), name="D")
    assert "for i_1 in range(4)" in str(lower_naive([D]))


@pytest.mark.parametrize(
    ("fold", "dtype", "identity"),
    [
        (te.sum, "float32", "0.0"),
        (te.prod, "float32", "1.0"),
        (te.max, "float32", "-inf"),
        (te.min, "float32", "inf"),
        (te.sum, "int32", "int32(0)"),
        (te.max, "int8", "int8(-128)"),
        (te.min, "uint8", "uint8(255)"),
    ],
)
def test_folds_begin_at_their_identity(fold, dtype, identity):
    A = te.placeholder((4,), dtype, name="A")
    k = te.reduce_axis((0, 4), name="k")
    S = te.compute((1,), lambda i: fold(A[k], axis=k), name="S")
    assert f"S[vi] = {identity}\n" in str(lower_naive([S]))


def test_every_load_is_declared():
    A = te.placeholder((8,), name="A")
    B = te.compute((4,), lambda i: A[i] + A[i + 4] + A[i], name="B")
    (block,) = blocks(lower_naive([B]).body)
    starts = [expr_text(r.bounds[0][0]) for r in block.reads]
    assert starts == ["vi", "vi + 4"]
