"""Expression nodes, and the operators that build them.

`Expr` overloads Python's operators: operands meet at their promoted dtype, Python numbers take
the dtype of the other side, and constants fold. `a == b` builds a comparison; nodes are told
apart by identity when used as dictionary keys.
"""

from __future__ import annotations

from typing import Any, Union

from tvmlab.errors import ExpressionError
from tvmlab.ir import dtypes

ARITHMETIC = ("+", "-", "*", "/", "//", "%", "min", "max")
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
LOGICAL = ("and", "or")

ExprLike = Union["Expr", int, float, bool]


class Expr:
    """A value without effects; `dtype` is its element type and `lanes` its vector length."""

    __slots__ = ("dtype", "lanes")
    dtype: str
    lanes: int

    def __add__(self, other: ExprLike) -> Expr:
        return binary("+", self, other)

    def __radd__(self, other: ExprLike) -> Expr:
        return binary("+", other, self)

    def __sub__(self, other: ExprLike) -> Expr:
        return binary("-", self, other)

    def __rsub__(self, other: ExprLike) -> Expr:
        return binary("-", other, self)

    def __mul__(self, other: ExprLike) -> Expr:
        return binary("*", self, other)

    def __rmul__(self, other: ExprLike) -> Expr:
        return binary("*", other, self)

    def __truediv__(self, other: ExprLike) -> Expr:
        return binary("/", self, other)

    def __rtruediv__(self, other: ExprLike) -> Expr:
        return binary("/", other, self)

    def __floordiv__(self, other: ExprLike) -> Expr:
        return binary("//", self, other)

    def __rfloordiv__(self, other: ExprLike) -> Expr:
        return binary("//", other, self)

    def __mod__(self, other: ExprLike) -> Expr:
        return binary("%", self, other)

    def __rmod__(self, other: ExprLike) -> Expr:
        return binary("%", other, self)

    def __neg__(self) -> Expr:
        return binary("-", const(0, self.dtype), self)

    def __and__(self, other: ExprLike) -> Expr:
        return binary("and", self, other)

    def __or__(self, other: ExprLike) -> Expr:
        return binary("or", self, other)

    def __invert__(self) -> Expr:
        return binary("==", self, const(False, "bool"))

    def __lt__(self, other: ExprLike) -> Expr:
        return binary("<", self, other)

    def __le__(self, other: ExprLike) -> Expr:
        return binary("<=", self, other)

    def __gt__(self, other: ExprLike) -> Expr:
        return binary(">", self, other)

    def __ge__(self, other: ExprLike) -> Expr:
        return binary(">=", self, other)

    def __eq__(self, other: object) -> Any:
        return binary("==", self, other) if isinstance(other, (Expr, int, float)) else False

    def __ne__(self, other: object) -> Any:
        return binary("!=", self, other) if isinstance(other, (Expr, int, float)) else True

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        raise ExpressionError(
            "a tensor expression has no truth value while it is being written; "
            "use t.select(condition, a, b) instead of if/and/or."
        )

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


class Local(Var):
    """A value named by a `Let`: of any dtype and, in lowered programs, of several lanes."""

    __slots__ = ()

    def __init__(self, name: str, dtype: str, lanes: int = 1) -> None:
        super().__init__(name, dtype)
        self.lanes = lanes


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
        return const(value.item(), dtypes.check_dtype(str(value.dtype)))
    raise ExpressionError(
        f"{value!r} cannot stand in a tensor expression; use a number, an axis or a tensor element."
    )


def cast(dtype: str, value: ExprLike) -> Expr:
    """`value` converted to `dtype`; nothing if it has that dtype already."""
    dtypes.check_dtype(dtype)
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
    elif op in ("+", "-", "*") and dtype == "bool":
        raise ExpressionError(f"{op!r} is not defined on conditions; cast them to an integer.")
    return fold(op, left, right)


def fold(op: str, a: Expr, b: Expr) -> Expr:
    """`a op b` on operands of one dtype, evaluated where both are constants or one is neutral."""
    if isinstance(a, Const) and isinstance(b, Const):
        folded = _fold_constants(op, a, b)
        if folded is not None:
            return folded
    if isinstance(b, Const):
        if b.value == 0 and op in ("+", "-") and not dtypes.is_float(a.dtype):
            return a
        if b.value == 1 and (op in ("*", "//") or (op == "and" and a.dtype == "bool")):
            return a
        if b.value == 0 and op == "or":
            return a
        if b.value == 0 and op in ("*", "and") and not dtypes.is_float(a.dtype) and a.lanes == 1:
            return b
    if isinstance(a, Const):
        if (a.value == 0 and op == "+" and not dtypes.is_float(b.dtype)) or (
            a.value == 1 and op in ("*", "and")
        ):
            return b
        if a.value == 0 and op == "or":
            return b
        if a.value == 0 and op in ("*", "and") and not dtypes.is_float(b.dtype) and b.lanes == 1:
            return a
    return Binary(op, a, b)


def _fold_constants(op: str, a: Const, b: Const) -> Const | None:
    """The constant `a op b`, or None where folding would round or be undefined."""
    x, y = a.value, b.value
    if op in COMPARISONS:
        holds = {"==": x == y, "!=": x != y, "<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y}
        return Const(int(holds[op]), "bool")
    if op in LOGICAL:
        return Const(int(bool(x) and bool(y)) if op == "and" else int(bool(x) or bool(y)), "bool")
    if dtypes.is_float(a.dtype) or (op in ("//", "%") and y == 0):
        return None  # left to the machine, which rounds to the dtype
    results = {"+": x + y, "-": x - y, "*": x * y, "min": min(x, y), "max": max(x, y)}
    value = results[op] if op in results else (x // y if op == "//" else x % y)
    if not dtypes.lowest(a.dtype) <= value <= dtypes.highest(a.dtype):
        return None  # wraps around: left to the machine as well
    return Const(value, a.dtype)


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
