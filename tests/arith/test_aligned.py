"""Conditions of vectors: one test where all iterations of a loop agree, and only there."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

import tvmlab as t
from tvmlab.arith.aligned import without
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Binary, Const, Expr, Var
from tvmlab.ir.program import For, Seq
from tvmlab.ir.walk import substitute, variables

X, J = Var("x"), Var("j")
OPS = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _value(expr: Expr, values: dict[Var, int]) -> int:
    known = substitute(expr, {v: Const(n, INDEX) for v, n in values.items()})
    return eval(str(known))


@given(
    st.sampled_from(sorted(OPS)),
    st.integers(-6, 6),
    st.integers(-3, 3),
    st.integers(1, 6),
    st.integers(-20, 20),
)
def test_it_is_the_same_for_every_iteration(
    op: str, steps: int, factor: int, extent: int, limit: int
) -> None:
    total = Binary("+", Binary("*", X, Const(steps, INDEX)), Binary("*", J, Const(factor, INDEX)))
    condition = Binary(op, total, Const(limit, INDEX))
    found = without(condition, For(J, extent, Seq(())))
    for x, i in product(range(-8, 8), range(extent)):
        assert bool(_value(found, {X: x, J: i})) == OPS[op](x * steps + i * factor, limit)
    settled = all(
        len({OPS[op](x * steps + i * factor, limit) for i in range(extent)}) == 1
        for x in range(-40, 40)
    )
    if steps and factor and settled:
        assert J not in variables(found)


def test_what_a_thread_loads_stays_a_vector() -> None:
    a = t.placeholder((200,), name="A")
    s = t.create_schedule(t.compute((200,), lambda i: a[i] + 1, name="B"))
    s["B"].split("i", factors=[None, 32, 4])
    for loop, axis in (("i0", "blockIdx.x"), ("i1", "threadIdx.x")):
        s["B"].bind(loop, axis)
    s["B"].vectorize("i2")
    text = s.code("opencl")
    assert "vload4" in text
    assert text.count("if (") == 1
    assert all(s.check("opencl"))
