import random

import pytest

from tests.fuzz.expressions import random_expression
from tests.ir.programs import product, softmax
from tvmlab.arith import simplify_stmt
from tvmlab.arith.declared import verify_declared
from tvmlab.errors import VerifyError
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Var
from tvmlab.ir.program import TRUE, Block, For, Iter, Program, Region, Store
from tvmlab.te.naive import lower_naive

A, B = Buffer("A", (32,), "float32"), Buffer("B", (32,), "float32")
i, j, v = Var("i"), Var("j"), Var("v")


def tile(reads: tuple[int, int], writes: tuple[int, int]) -> Program:
    """A block that copies eight elements, and declares (offset, extent) of what it touches."""
    body = For(j, 8, Store(B, (v * 8 + j,), Load(A, (v * 8 + j,))))
    regions = [Region(b, [(v * 8 + o, x)]) for b, (o, x) in ((A, reads), (B, writes))]
    block = Block("B", [Iter(v, 4)], [i], TRUE, regions[:1], regions[1:], None, body)
    return Program("p", [A, B], 1, [], For(i, 4, block))


def test_regions_that_hold_everything_are_accepted():
    verify_declared(tile((0, 8), (0, 8)))
    verify_declared(tile((-1, 16), (0, 8)))


@pytest.mark.parametrize(
    ("reads", "writes", "words"),
    [
        ((0, 7), (0, 8), r"block B: A\[.*\] is read, and no region"),
        ((1, 8), (0, 8), "is read"),
        ((0, 8), (0, 7), r"block B: B\[.*\] is written"),
    ],
)
def test_regions_that_are_too_small_are_refused(reads, writes, words):
    with pytest.raises(VerifyError, match=words):
        verify_declared(tile(reads, writes))


def test_naive_programs_declare_what_they_touch():
    programs = [lower_naive([random_expression(random.Random(s))]) for s in range(100)]
    for program in (product(), softmax(), *programs):
        verify_declared(program)
        verify_declared(program.with_body(simplify_stmt(program.body)))
