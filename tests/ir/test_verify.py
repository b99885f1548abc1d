import random
import sys
from collections.abc import Callable

import pytest

from tests.fuzz.expressions import random_expression
from tests.ir.programs import product, softmax
from tvmlab import te
from tvmlab.arith import simplify_stmt
from tvmlab.arith.inside import verify_inside
from tvmlab.errors import VerifyError
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Binary, Cast, Ramp, Select, Var, const
from tvmlab.ir.program import (
    TRUE,
    Allocate,
    Block,
    For,
    If,
    Iter,
    Program,
    Region,
    Seq,
    Stmt,
    Store,
)
from tvmlab.ir.verify import verify
from tvmlab.ir.walk import rewrite
from tvmlab.te.naive import lower_naive

A, B = Buffer("A", (8,), "float32"), Buffer("B", (8,), "float32")
T = Buffer("T", (8,), "float32")
i, j, v, w = Var("i"), Var("j"), Var("v"), Var("w")
f = Var("f", "float32")
COPY = Store(B, (i,), Load(A, (i,)))


def block(
    body: Stmt | None = None,
    *,
    name: str = "B",
    iters: tuple[Iter, ...] = (Iter(v, 8),),
    bindings: tuple = (i,),
    where=TRUE,
    reads: tuple = (Region(A, [(v, 1)]),),
    writes: tuple = (Region(B, [(v, 1)]),),
    init: Stmt | None = None,
) -> Block:
    body = body or Store(B, (v,), Load(A, (v,)))
    return Block(name, iters, bindings, where, reads, writes, init, body)


def loop(body: Stmt, var: Var = i, extent=8, kind: str = "serial") -> For:
    return For(var, extent, body, kind)


def program(body: Stmt, buffers: tuple[Buffer, ...] = ()) -> Program:
    return Program("p", [A, B], 1, buffers, body)


FOLD = block(
    Store(B, (v,), Load(B, (v,)) + Load(A, (w,))),
    iters=(Iter(v, 8), Iter(w, 8, "reduce")),
    bindings=(i, j),
    reads=(Region(A, [(w, 1)]),),
    init=Store(B, (v,), const(0, "float32")),
)

RIGHT: dict[str, Callable[[], Program]] = {
    "product": product,
    "softmax": softmax,
    "copy": lambda: program(loop(COPY)),
    "block": lambda: program(loop(block(), kind="parallel")),
    "fold": lambda: program(loop(loop(FOLD, j), kind="vectorized")),
    "vector": lambda: program(loop(Store(B, (Ramp(i, 4),), Load(A, (Ramp(i, 4),))), extent=5)),
    "allocate": lambda: program(
        loop(Allocate(T, Seq([Store(T, (i,), const(0, "float32")), COPY])))
    ),
    "extent": lambda: program(loop(loop(Store(B, (j,), Load(A, (i,))), j, i + 1))),
}

WRONG: dict[str, tuple[Callable[[], Program], str]] = {
    "chunks of three": (
        lambda: program(loop(COPY), (Buffer("S", (2, 6), "float32", "shared", swizzle=3),)),
        "rows of buffer S are swizzled in chunks of 3 elements",
    ),
    "undefined": (lambda: program(COPY), "i is used outside its loop or block"),
    "after its loop": (lambda: program(Seq([loop(COPY), COPY])), "i is used outside"),
    "in its own extent": (lambda: program(loop(COPY, i, i + 1)), "i is used outside"),
    "shared variable": (
        lambda: program(Seq([loop(COPY), loop(COPY)])),
        "two loops or blocks share the variable i",
    ),
    "shared name": (
        lambda: program(loop(loop(COPY, Var("i")))),
        "two loops on one path are named i",
    ),
    "kind": (lambda: program(loop(COPY, kind="magic")), "loop i is of the unknown kind 'magic'"),
    "extent": (lambda: program(loop(COPY, extent=0)), "loop i has the extent 0"),
    "float variable": (
        lambda: program(loop(Store(B, (j,), const(0, "float32")), f)),
        "the variable f is float32, not int64",
    ),
    "blocks of one name": (
        lambda: program(Seq([loop(block()), loop(block(iters=(Iter(w, 8),), bindings=(j,)), j)])),
        "two blocks are named B",
    ),
    "bindings": (lambda: program(loop(block(bindings=()))), "1 iteration variables have 0 binding"),
    "binding's dtype": (
        lambda: program(loop(block(bindings=(Cast("int32", i),)))),
        "block B: the binding of v is int32, not int64",
    ),
    "outer variable inside a block": (
        lambda: program(loop(block(Store(B, (v,), Load(A, (i,)))))),
        "block B: i is used outside",
    ),
    "iteration variable outside its block": (
        lambda: program(loop(Seq([block(), Store(B, (v,), Load(A, (i,)))]))),
        "v is used outside",
    ),
    "iteration kind": (
        lambda: program(loop(block(iters=(Iter(v, 8, "both"),)))),
        "v is of the unknown kind 'both'",
    ),
    "iteration extent": (
        lambda: program(loop(block(iters=(Iter(v, 0),)))),
        "v has the extent 0",
    ),
    "predicate": (lambda: program(loop(block(where=i))), "the predicate is int64, not bool"),
    "undeclared read": (lambda: program(loop(block(reads=()))), "A is read, and is not among"),
    "undeclared write": (lambda: program(loop(block(writes=()))), "B is written, and is not among"),
    "parallel fold": (
        lambda: program(loop(loop(FOLD, j, kind="parallel"))),
        "loop j is parallel, and block B folds over it",
    ),
    "unknown buffer": (
        lambda: program(loop(Store(B, (i,), Load(T, (i,))))),
        "buffer T is used where it is not declared",
    ),
    "buffer after its allocation": (
        lambda: program(loop(Seq([Allocate(T, COPY), Store(T, (i,), Load(A, (i,)))]))),
        "buffer T is used where it is not declared",
    ),
    "buffer declared twice": (
        lambda: program(loop(Allocate(T, COPY)), (T,)),
        "buffer T is declared twice",
    ),
    "parameter twice": (
        lambda: Program("p", [A, A, B], 1, [], loop(COPY)),
        "program p declares a buffer twice",
    ),
    "outputs": (lambda: Program("p", [A, B], 3, [], loop(COPY)), "says that 3 of them are outputs"),
    "scope": (
        lambda: program(loop(COPY), (Buffer("S", (8,), "float32", "cloud"),)),
        "buffer S has the unknown scope 'cloud'",
    ),
    "shape": (
        lambda: program(loop(COPY), (Buffer("S", (8, 0), "float32"),)),
        r"buffer S has the shape \[8, 0\]",
    ),
    "rank": (
        lambda: program(loop(Store(B, (i,), Load(A, (i, i))))),
        "A has 1 dimensions and is used with 2",
    ),
    "index dtype": (
        lambda: program(loop(Store(B, (Cast("int32", i),), Load(A, (i,))))),
        "an index of B is int32, not int64",
    ),
    "stored dtype": (
        lambda: program(loop(Store(B, (i,), i))),
        "the value stored to B is int64, not float32",
    ),
    "written input": (
        lambda: program(loop(Store(A, (i,), Load(A, (i,))))),
        "the input A is written",
    ),
    "operands' dtypes": (
        lambda: program(loop(Store(B, (i,), Binary("+", Load(A, (i,)), const(1, "float64"))))),
        r"'\+' joins float32 and float64",
    ),
    "select": (
        lambda: program(loop(Store(B, (i,), Select(i, Load(A, (i,)), Load(A, (i,)))))),
        "a select has int64, float32 and float32",
    ),
    "condition": (lambda: program(loop(If(i, COPY))), "a condition is int64, not bool"),
    "condition over lanes": (
        lambda: program(loop(If(Ramp(i, 4) < 8, COPY, COPY))),
        "a condition over lanes has an else",
    ),
    "lanes": (
        lambda: program(loop(Store(B, (i,), Load(A, (Ramp(i, 4),)) + Load(A, (Ramp(i, 2),))))),
        r"vectors of \[4, 2\] lanes meet",
    ),
    "ramp": (
        lambda: program(loop(Store(B, (Ramp(i, 1),), const(0, "float32")))),
        "a ramp of 1 lanes stands over 1",
    ),
}


@pytest.mark.parametrize("name", RIGHT)
def test_well_formed(name):
    verify(RIGHT[name]())


@pytest.mark.parametrize("name", WRONG)
def test_not_well_formed(name):
    build, words = WRONG[name]
    with pytest.raises(VerifyError, match=words):
        verify(build())


def test_naive_programs_are_well_formed_and_stay_inside():
    for seed in range(100):
        naive = lower_naive([random_expression(random.Random(seed))])
        verify(naive)
        verify_inside(naive)
        verify(naive.with_body(simplify_stmt(naive.body)))


def test_a_planted_defect_is_found_in_any_block():
    """Dropping one loop of a nest leaves its variable undefined."""
    for victim in softmax().buffers:
        program = softmax()

        def drop(s: Stmt, name: str = victim.name) -> Stmt | None:
            is_loop = isinstance(s, For) and isinstance(s.body, Block) and s.body.name == name
            return s.body if is_loop else None

        with pytest.raises(VerifyError, match="is used outside"):
            verify(program.with_body(rewrite(program.body, drop)))


def test_verification_is_quick():
    """Counted in calls, as no clock is the same twice: few, and as many for each block of many."""
    assert 100 < _calls(softmax()) < 700
    assert _calls(chain(80)) < 1.1 * 8 * _calls(chain(10))


def chain(length: int) -> Program:
    """So many blocks, each of which reads the one before."""
    last = te.placeholder((4,), name="X")
    for n in range(length):
        last = te.compute((4,), lambda y, x=last: x[y] + 1.0, name=f"S{n}")
    return lower_naive([last])


def _calls(program: Program) -> int:
    """How many functions a verification calls."""
    count = [0]

    def heard(frame: object, event: str, value: object) -> None:
        count[0] += event == "call"

    before = sys.getprofile()
    sys.setprofile(heard)
    try:
        verify(program)
    finally:
        sys.setprofile(before)
    return count[0]
