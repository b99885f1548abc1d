import numpy as np
import pytest

from tvmlab.errors import ExpressionError
from tvmlab.ir import dtypes
from tvmlab.ir.expr import (
    Binary,
    Cast,
    Const,
    Var,
    as_expr,
    cast,
    const,
    maximum,
    minimum,
    select,
)
from tvmlab.ir.functions import FUNCTIONS, call
from tvmlab.ir.printer import expr_text

x, y = Var("x"), Var("y")
f = Var("f", "float32")
h = Var("h", "float16")
b = Var("b", "int8")
u = Var("u", "uint8")
q = Var("q", "bool")


@pytest.mark.parametrize(
    ("e", "text"),
    [
        (x + 0, "x"),
        (0 + x, "x"),
        (x * 1, "x"),
        (x * 0, "0"),
        (x // 1, "x"),
        (x - 0, "x"),
        (f + 0.0, "f + 0.0"),  # -0.0 + 0.0 is not -0.0
        (f * 0.0, "f * 0.0"),  # NaN * 0 is NaN
        (q & True, "q"),
        (q | False, "q"),
        (const(7, "int64") // const(-2, "int64"), "-4"),
        (const(7, "int64") % const(-2, "int64"), "-1"),
        (const(3, "int32") < const(4, "int32"), "True"),
        (minimum(const(3, "int64"), const(4, "int64")), "3"),
        (const(100, "int8") + const(100, "int8"), "int8(100) + int8(100)"),  # wraps at run time
        (const(1, "int64") // const(0, "int64"), "1 // 0"),
        (const(0.1, "float32") + const(0.2, "float32"), "0.1 + 0.2"),  # rounds at run time
        (1 - x, "1 - x"),
        (-x, "0 - x"),
        (~(x < y), "(x < y) == False"),
        (x & y | x ^ 1, "x & y | x ^ 1"),
        (x & (y | x), "x & (y | x)"),
        ((x << 2) + 1, "(x << 2) + 1"),
        (x << 2 + 1, "x << 3"),
        (x >> (y >> 1), "x >> (y >> 1)"),
        (-1 & x, "-1 & x"),
        (~x, "x ^ -1"),
        (~u, "u ^ uint8(255)"),
        (q ^ (x < y), "q != (x < y)"),
        (x | 0, "x"),
        (x ^ 0, "x"),
        (x >> 0, "x"),
        (x & 0, "0"),
        (const(6, "int8") & const(-4, "int8"), "int8(4)"),
        (const(-7, "int8") >> const(1, "int8"), "int8(-4)"),
        (const(100, "int8") << const(1, "int8"), "int8(100) << int8(1)"),  # wraps at run time
    ],
    ids=str,
)
def test_constants_fold_only_where_nothing_is_lost(e, text):
    assert expr_text(e) == text


def test_literals_compare_as_the_numbers_they_are_in_their_dtype():
    assert (const(1.001, "bfloat16") == const(1.0, "bfloat16")).value == 1
    assert (const(1.001, "float32") == const(1.0, "float32")).value == 0
    assert (const(0.1, "float16") < const(0.100001, "float16")).value == 0
    assert (const(float("nan"), "float32") != const(float("nan"), "float32")).value == 1


def test_operands_meet_at_their_promoted_dtype():
    assert (b + u).dtype == "int16"
    assert (b * f).dtype == "float32"
    assert (h + f).dtype == "float32"
    assert (x < y).dtype == "bool"
    assert isinstance((b + u).a, Cast)


def test_numbers_take_the_dtype_they_stand_beside():
    assert (h * 2).b.dtype == "float16"
    assert (2.0 * f).a.dtype == "float32"
    assert (b + 1).b.dtype == "int8"
    assert as_expr(2.0).dtype == "float32"
    assert as_expr(True).dtype == "bool"
    assert as_expr(np.int8(2)).dtype == "int8"
    assert (f + np.float16(2)).dtype == "float32"
    assert as_expr(np.float64(2.0)).dtype == "float32"  # it is a Python float, too


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (lambda: b + 300, "300 does not fit dtype int8"),
        (lambda: b + 0.5, "0.5 cannot stand with a value of dtype int8"),
        (lambda: x / y, "'/' divides floats, and these operands are int64"),
        (lambda: f // 2.0, "'//' is defined on integers, and these operands are float32"),
        (lambda: f & f, "'&' works on the bits of integers, and these are float32"),
        (lambda: q + q, r"'\+' is not defined on conditions"),
        (lambda: q & x, "'&' joins a condition and a value of dtype int64; compare"),
        (lambda: f << 1, "'<<' works on the bits of integers, and these are float32"),
        (lambda: b << 8, "a shift of int8 by 8 bits is not defined; shift by 0 to 7"),
        (lambda: x >> -1, "a shift of int64 by -1 bits is not defined; shift by 0 to 63"),
        (lambda: f ^ f, "'\\^' works on the bits of integers, and these are float32"),
        (lambda: call("clz", f), "clz is defined on integers, and its argument is float32"),
        (lambda: select(x, f, f), "select needs a condition, and was given a value of dtype int64"),
        (lambda: f + "1", "cannot stand in a tensor expression"),
        (lambda: bool(x < y), "no truth value"),
        (lambda: bool(f), "no truth value"),
        (lambda: call("exp", b), "exp is defined on floats, and its argument is int8"),
        (lambda: call("gamma", f), "'gamma' is not known; use one of exp"),
        (lambda: call("pow", f), r"pow takes 2 argument\(s\), not 1"),
        (lambda: cast("float8", f), "'float8' is not known"),
    ],
)
def test_mistakes_are_said_in_a_sentence(write, words):
    with pytest.raises(ExpressionError, match=words) as caught:
        write()
    assert str(caught.value).endswith(".")


def test_comparing_nodes_does_not_fool_membership():
    assert x in [y, x]
    assert f not in [x, y]
    assert {x: 1, y: 2}[x] == 1


def test_select_of_a_constant_condition_is_its_side():
    assert select(True, f, f + 1.0) is f
    assert isinstance(select(q, f, 0.0).b, Const)


def test_cast_of_a_constant_is_a_constant_where_it_fits():
    assert isinstance(cast("int8", const(5, "int64")), Const)
    assert isinstance(cast("int8", const(500, "int64")), Cast)
    assert isinstance(cast("int8", const(2.5, "float32")), Cast)
    assert cast("float32", f) is f


def test_functions_keep_the_dtypes_they_take():
    for function in FUNCTIONS.values():
        taken = [d for d in dtypes.ALL if function.takes(d)]
        assert taken
        for dtype in taken:
            args = [np.ones(3, dtype)] * function.arity
            assert function.reference(*args).dtype == dtype
            assert function.reference(*[a[0] for a in args]).dtype == dtype


def test_maximum_and_minimum_are_binary():
    assert isinstance(maximum(f, 0.0), Binary)
    assert maximum(f, 0.0).dtype == "float32"
