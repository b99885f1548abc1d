"""`Let` and `Slice`: what they mean, and what of them is well formed."""

import numpy as np
import pytest

from tvmlab.errors import ParseError, VerifyError
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.equality import equal
from tvmlab.ir.expr import Const, Expr, Ramp, Var
from tvmlab.ir.interpret import interpret
from tvmlab.ir.local import Local, Slice
from tvmlab.ir.parse import parse_program
from tvmlab.ir.program import For, If, Let, Program, Seq, Stmt, Store
from tvmlab.ir.verify import verify
from tvmlab.ir.walk import own_loops, substitute_stmt
from tvmlab.lower.vectorize import vectorize

A = Buffer("A", [8], "float32")
B = Buffer("B", [8], "float32")
i = Var("i")
v = Local("v", "float32")


def _program(body: Stmt) -> Program:
    return Program("f", [A, B], 2, [], body)


def _zero(n: int = 0) -> Expr:
    return Const(n, "int64")


def _swap() -> Program:
    """`A[i], B[i] = B[i], A[i]`."""
    body = Seq([Store(A, (i,), Load(B, (i,))), Store(B, (i,), v)])
    return _program(For(i, 8, Let(v, Load(A, (i,)), body)))


@pytest.mark.parametrize("kind", ["serial", "vectorized"])
def test_a_named_value_is_that_of_before(kind: str) -> None:
    program = _swap()
    assert isinstance(program.body, For)
    program = vectorize(program.with_body(program.body.replace(kind=kind)))
    verify(program, scheduled=False)
    a, b = np.arange(8, dtype=np.float32), np.arange(8, 16, dtype=np.float32)
    x, y = np.zeros(8, np.float32), np.zeros(8, np.float32)
    C, D, j = Buffer("C", [8], "float32"), Buffer("D", [8], "float32"), Var("j")
    given = For(j, 8, Seq([Store(A, (j,), Load(C, (j,))), Store(B, (j,), Load(D, (j,)))]))
    interpret(Program("f", [C, D, A, B], 2, [], Seq([given, program.body])), [a, b, x, y])
    assert x.tolist() == b.tolist()
    assert y.tolist() == a.tolist()


def test_masked_lanes_of_a_named_vector_are_not_evaluated() -> None:
    ramp = Ramp(_zero(), 16)
    wide = Local("wide", "float32", 16)
    body = If(ramp < 8, Let(wide, Load(A, (ramp,)), Store(B, (ramp,), wide + 1.0)))
    b = np.zeros(8, np.float32)
    program = Program("f", [A, B], 1, [], body)
    interpret(program, [np.arange(8, dtype=np.float32), b])
    assert b.tolist() == list(range(1, 9))


def test_programs_are_equal_up_to_the_names_of_values() -> None:
    assert equal(parse_program(str(_swap())), _swap())
    other = substitute_stmt(_swap().body, {v: Load(A, (i,))})
    assert not equal(_program(other), _swap())


def test_a_copy_has_values_of_its_own() -> None:
    copied = own_loops(_swap().body, ["i", "v"])
    assert isinstance(copied, For)
    assert isinstance(copied.body, Let)
    assert (copied.var.name, copied.body.var.name) == ("i_1", "v_1")
    assert equal(_program(copied), _swap())


WRONG = {
    "v is used outside": Seq([Let(v, Const(1.0, "float32"), Store(A, (_zero(),), v)),
                              Store(B, (_zero(),), v)]),
    "is int64, not float32": Let(v, _zero(), Store(A, (_zero(),), v)),
    "v has 1 lanes, and its value 4": Let(v, Load(A, (Ramp(_zero(), 4),)), Store(A, (_zero(),), v)),
    "lanes 2 to 5 are taken of 4": Let(
        w := Local("w", "float32", 4), Load(A, (Ramp(_zero(), 4),)),
        Store(B, (Ramp(_zero(), 4),), Slice(w, 2, 4)),
    ),
    "lanes 0 to 1 are taken of 1": Store(B, (Ramp(_zero(), 2),), Slice(Load(A, (_zero(),)), 0, 2)),
}  # fmt: skip


@pytest.mark.parametrize("words", WRONG)
def test_what_is_not_well_formed(words: str) -> None:
    with pytest.raises(VerifyError, match=words):
        verify(_program(WRONG[words]), scheduled=False)


def test_one_name_is_made_in_one_place() -> None:
    twice = Seq([Let(v, Const(1.0, "float32"), Store(A, (_zero(n),), v)) for n in (0, 1)])
    with pytest.raises(VerifyError, match="share the variable v"):
        verify(_program(twice))
    verify(_program(twice), scheduled=False)


def test_a_tree_holds_contributions_only() -> None:
    text = """def f(A: float32[8], B: float32[8]):
    for i in tree(8):
        with block("B", vi=i):
            B[vi] = A[vi]"""
    with pytest.raises(ParseError, match="loop i is a tree, and names elements of B"):
        parse_program(text)


@pytest.mark.parametrize("said", ["slice(A[i], i, 4)", "slice(A[i], 0, 2)", "slice(A[i], 0)"])
def test_slices_that_cannot_be_are_refused(said: str) -> None:
    with pytest.raises(ParseError):
        parse_program(f"def f(A: float32[8], B: float32[8]):\n    for i in range(8):\n"
                      f"        B[i] = {said}")  # fmt: skip
