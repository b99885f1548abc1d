"""Expression nodes, and the operators that build them.

`Expr` overloads Python's operators: operands meet at their promoted dtype, Python numbers take
the dtype of the other side, and constants fold. `a == b` builds a comparison; nodes are told
apart by identity when used as dictionary keys.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Union

from tvmlab.errors import ExpressionError
from tvmlab.ir import dtypes
from tvmlab.ir.constants import ABSORBING, LEFT_NEUTRAL, RIGHT_NEUTRAL, check_shift, folded
from tvmlab.ir.unevaluated import Unevaluated

ARITHMETIC = ("+", "-", "*", "/", "//", "%", "min", "max")
SHIFTS = ("<<", ">>")
BITWISE = ("&", "|", "^", *SHIFTS)
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
LOGICAL = ("and", "or")
OPERATORS = (*ARITHMETIC, *BITWISE, *COMPARISONS, *LOGICAL)

OF_NUMPY = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "floor_divide": "//",
    "remainder": "%", "left_shift": "<<", "right_shift": ">>", "maximum": "max", "minimum": "min",
    "equal": "==", "not_equal": "!=", "less": "<", "less_equal": "<=", "greater": ">",
    "greater_equal": ">=",
}  # fmt: skip
"""The operator that a function of NumPy's is on two values."""

ExprLike = Union["Expr", int, float, bool]


def _operator(op: str) -> Callable[[Expr, ExprLike], Expr]:
    return lambda self, other: binary(op, self, other)


def _reflected(op: str) -> Callable[[Expr, ExprLike], Expr]:
    return lambda self, other: binary(op, other, self)


def _logic(of_conditions: str, of_bits: str) -> Callable[[Expr, ExprLike], Expr]:
    return lambda self, other: _joined(of_conditions, of_bits, self, other)


def _reflected_logic(of_conditions: str, of_bits: str) -> Callable[[Expr, ExprLike], Expr]:
    return lambda self, other: _joined(of_conditions, of_bits, other, self)


class Expr(Unevaluated):
    """A value without effects; `dtype` is its element type and `lanes` its vector length."""

    __slots__ = ("dtype", "lanes")
    dtype: str
    lanes: int

    __add__ = _operator("+")
    __radd__ = _reflected("+")
    __sub__ = _operator("-")
    __rsub__ = _reflected("-")
    __mul__ = _operator("*")
    __rmul__ = _reflected("*")
    __truediv__ = _operator("/")
    __rtruediv__ = _reflected("/")
    __floordiv__ = _operator("//")
    __rfloordiv__ = _reflected("//")
    __mod__ = _operator("%")
    __rmod__ = _reflected("%")
    __and__ = _logic("and", "&")
    __rand__ = _reflected_logic("and", "&")
    __or__ = _logic("or", "|")
    __ror__ = _reflected_logic("or", "|")
    __xor__ = _logic("!=", "^")
    __rxor__ = _reflected_logic("!=", "^")
    __lshift__ = _operator("<<")
    __rlshift__ = _reflected("<<")
    __rshift__ = _operator(">>")
    __rrshift__ = _reflected(">>")
    __lt__ = _operator("<")
    __le__ = _operator("<=")
    __gt__ = _operator(">")
    __ge__ = _operator(">=")

    def __neg__(self) -> Expr:
        return binary("-", const(0, self.dtype), self)

    def __invert__(self) -> Expr:
        if dtypes.is_integer(self.dtype):
            every_bit = dtypes.highest(self.dtype) if self.dtype in dtypes.UNSIGNED else -1
            return binary("^", self, const(every_bit, self.dtype))
        return binary("==", self, const(False, "bool"))

    def __eq__(self, other: object) -> Any:
        return binary("==", self, other) if isinstance(other, (Expr, int, float)) else False

    def __ne__(self, other: object) -> Any:
        return binary("!=", self, other) if isinstance(other, (Expr, int, float)) else True

    __hash__ = object.__hash__

    def __array_ufunc__(self, function: Any, _: str, *inputs: Any, **options: Any) -> Expr:
        # NumPy asks here what its numbers mean to the left of a node, and its functions of one.
        operator = OF_NUMPY.get(function.__name__)
        if operator is None or options:
            raise ExpressionError(
                f"numpy.{function.__name__} takes arrays, and this is a tensor expression; use a "
                "function of tvmlab, such as t.exp."
            )
        return binary(operator, *inputs)

    def astype(self, dtype: str) -> Expr:
        """This value converted to `dtype` (floats truncate towards zero)."""
        return cast(dtype, self)


class Var(Expr):
    """A scalar named by a loop, a block's iteration variable or a symbolic shape.

    Two variables are the same only if they are the same object; the name is for people.
    """

    __slots__ = ("name",)

    def __init__(self, name: str, dtype: str = dtypes.INDEX) -> None:
        self.name = name
        self.dtype = dtype
        self.lanes = 1

    def __repr__(self) -> str:
        return self.name


class Const(Expr):
    """A literal of a dtype: a Python int (bool as 0 or 1) or float."""

    __slots__ = ("value",)

    def __init__(self, value: int | float, dtype: str) -> None:
        self.value = value
        self.dtype = dtype
        self.lanes = 1

    def __repr__(self) -> str:
        return f"{self.value}"


class Binary(Expr):
    """`a op b`; operands have one dtype; comparisons and logic give bool."""

    __slots__ = ("op", "a", "b")

    def __init__(self, op: str, a: Expr, b: Expr) -> None:
        self.op = op
        self.a = a
        self.b = b
        self.dtype = "bool" if op in COMPARISONS or op in LOGICAL else a.dtype
        self.lanes = a.lanes if a.lanes >= b.lanes else b.lanes

    def __bool__(self) -> bool:
        # Lets Python compare nodes inside `in` and dict look-ups; other uses are mistakes.
        if self.op == "==":
            return self.a is self.b
        if self.op == "!=":
            return self.a is not self.b
        return super().__bool__()

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"({self.a!r} {self.op} {self.b!r})"


class Call(Expr):
    """A function of `tvmlab.ir.functions` applied to scalars: exp, sqrt, tanh, ..."""

    __slots__ = ("function", "args")

    def __init__(self, function: str, args: tuple[Expr, ...], dtype: str) -> None:
        self.function = function
        self.args = args
        self.dtype = dtype
        self.lanes = max((a.lanes for a in args), default=1)

    def __repr__(self) -> str:
        return f"{self.function}({', '.join(map(repr, self.args))})"


class Cast(Expr):
    """`value` converted to `dtype`."""

    __slots__ = ("value",)

    def __init__(self, dtype: str, value: Expr) -> None:
        self.dtype = dtype
        self.value = value
        self.lanes = value.lanes

    def __repr__(self) -> str:
        return f"{self.dtype}({self.value!r})"


class Select(Expr):
    """`a` where `condition` holds, else `b`; only the chosen side is evaluated."""

    __slots__ = ("condition", "a", "b")

    def __init__(self, condition: Expr, a: Expr, b: Expr) -> None:
        self.condition = condition
        self.a = a
        self.b = b
        self.dtype = a.dtype
        self.lanes = max(condition.lanes, a.lanes, b.lanes)

    def __repr__(self) -> str:
        return f"select({self.condition!r}, {self.a!r}, {self.b!r})"


class Ramp(Expr):
    """The index vector base, base + 1, ..., base + lanes - 1 (lowered programs only)."""

    __slots__ = ("base",)

    def __init__(self, base: Expr, lanes: int) -> None:
        self.base = base
        self.dtype = base.dtype
        self.lanes = lanes

    def __repr__(self) -> str:
        return f"ramp({self.base!r}, {self.lanes})"


def const(value: int | float, dtype: str) -> Const:
    """The literal `value` as a constant of `dtype`.

    Raises:
        ExpressionError: the value does not fit the dtype.
    """
    if dtypes.is_float(dtype):
        return Const(float(value), dtype)
    if isinstance(value, float) and not value.is_integer():
        raise ExpressionError(
            f"the number {value!r} cannot stand with a value of dtype {dtype}; "
            "cast the other side first, for example x.astype('float32')."
        )
    number = int(value)
    if not dtypes.lowest(dtype) <= number <= dtypes.highest(dtype):
        raise ExpressionError(f"the number {value!r} does not fit dtype {dtype}; cast first.")
    return Const(number, dtype)


def as_expr(value: ExprLike, dtype: str | None = None) -> Expr:
    """`value` as an expression; Python numbers take `dtype`, or bool, int64 and float32.

    Raises:
        ExpressionError: the value is not a number or an expression.
    """
    if isinstance(value, Expr):
        return value
    if isinstance(value, bool):
        return const(value, dtype or "bool")
    if isinstance(value, int):
        return const(value, dtype or dtypes.INDEX)
    if isinstance(value, float):
        return const(value, dtype or "float32")
    if hasattr(value, "dtype") and hasattr(value, "item"):  # a NumPy scalar keeps its dtype
        if value.ndim:
            raise ExpressionError(
                f"an array of shape {value.shape} cannot stand in a tensor expression; make it an "
                "input, t.placeholder(...), and hand it in when the kernel is called."
            )
        return const(value.item(), dtypes.check_dtype(value.dtype))
    raise ExpressionError(
        f"{value!r} cannot stand in a tensor expression; use a number, an axis or a tensor element."
    )


def cast(dtype: str, value: ExprLike) -> Expr:
    """`value` converted to `dtype`; nothing if it has that dtype already."""
    dtype = dtypes.check_dtype(dtype)
    node = as_expr(value)
    if node.dtype == dtype:
        return node
    if isinstance(node, Const) and not (dtypes.is_float(node.dtype) and dtypes.is_integer(dtype)):
        low, high = dtypes.lowest(dtype), dtypes.highest(dtype)
        if dtypes.is_float(dtype) or low <= node.value <= high:
            return const(node.value, dtype)
    return Cast(dtype, node)


def _meet(op: str, a: ExprLike, b: ExprLike) -> tuple[Expr, Expr]:
    """Both operands as expressions of one dtype."""
    if not isinstance(a, Expr):
        right = as_expr(b)
        return as_expr(a, _literal_dtype(a, right)), right
    if not isinstance(b, Expr):
        return a, as_expr(b, _literal_dtype(b, a))
    if a.dtype == b.dtype:
        return a, b
    dtype = dtypes.promote(a.dtype, b.dtype)
    return cast(dtype, a), cast(dtype, b)


def _literal_dtype(value: object, other: Expr) -> str | None:
    """The dtype a Python number takes beside `other` (None: the number has its own)."""
    return other.dtype if isinstance(value, (bool, int, float)) else None


def _joined(of_conditions: str, of_bits: str, a: ExprLike, b: ExprLike) -> Expr:
    """`a` and `b` joined as conditions if both are, else bit by bit.

    Raises:
        ExpressionError: one is a condition and the other is not, or they are floats.
    """
    kinds = {x.dtype for x in (a, b) if isinstance(x, Expr)}
    if "bool" in kinds and len(kinds) > 1:
        (other,) = kinds - {"bool"}
        raise ExpressionError(
            f"{of_bits!r} joins a condition and a value of dtype {other}; compare the value first."
        )
    return binary(of_conditions if kinds == {"bool"} else of_bits, a, b)


def binary(op: str, a: ExprLike, b: ExprLike) -> Expr:
    """`a op b` with dtypes met and constants folded.

    Raises:
        ExpressionError: the operator is not defined on the operands' dtype.
    """
    left, right = _meet(op, a, b)
    dtype = left.dtype
    if op in LOGICAL:
        if dtype != "bool":
            raise ExpressionError(
                f"{op!r} joins conditions, not values of dtype {dtype}; compare them first."
            )
    elif op == "/" and not dtypes.is_float(dtype):
        raise ExpressionError(
            f"'/' divides floats, and these operands are {dtype}; use // or cast to a float."
        )
    elif op in ("//", "%") and not dtypes.is_integer(dtype):
        raise ExpressionError(f"{op!r} is defined on integers, and these operands are {dtype}.")
    elif op in BITWISE and not dtypes.is_integer(dtype):
        raise ExpressionError(f"{op!r} works on the bits of integers, and these are {dtype}.")
    elif op in ("+", "-", "*") and dtype == "bool":
        raise ExpressionError(f"{op!r} is not defined on conditions; cast them to an integer.")
    if op in SHIFTS and isinstance(right, Const):
        check_shift(int(right.value), dtype)
    return fold(op, left, right)


def fold(op: str, a: Expr, b: Expr) -> Expr:
    """`a op b` on operands of one dtype, evaluated where both are constants or one is neutral."""
    if isinstance(a, Const) and isinstance(b, Const):
        value = folded(op, a.dtype, a.value, b.value)
        if value is not None:
            return Const(value, "bool" if op in COMPARISONS else a.dtype)
    is_float = dtypes.is_float(a.dtype)
    for side, other, neutral in ((b, a, RIGHT_NEUTRAL), (a, b, LEFT_NEUTRAL)):
        # -0.0 + 0.0 is not -0.0, and NaN * 0.0 is NaN: of floats only 1 is neutral.
        if isinstance(side, Const) and (side.value == 1 or not is_float):
            if side.value == neutral.get(op):
                return other
            if side.value == ABSORBING.get(op) and other.lanes == 1:
                return side
    return Binary(op, a, b)


def minimum(a: ExprLike, b: ExprLike) -> Expr:
    """The smaller of two values."""
    return binary("min", a, b)


def maximum(a: ExprLike, b: ExprLike) -> Expr:
    """The larger of two values."""
    return binary("max", a, b)


def select(condition: ExprLike, a: ExprLike, b: ExprLike) -> Expr:
    """`a` where `condition` holds, else `b`; only the chosen side is evaluated.

    Raises:
        ExpressionError: the condition is not bool.
    """
    test = as_expr(condition)
    if test.dtype != "bool":
        raise ExpressionError(
            f"select needs a condition, and was given a value of dtype {test.dtype}; compare it."
        )
    left, right = _meet("select", a, b)
    if isinstance(test, Const):
        return left if test.value else right
    return Select(test, left, right)
