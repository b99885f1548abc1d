"""Printed expressions read back, from the syntax tree that Python's parser made of them."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from math import inf, nan

from tvmlab.errors import ParseError
from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Buffer, Extent, Load
from tvmlab.ir.expr import BITWISE, COMPARISONS, Binary, Call, Cast, Const, Expr, Ramp, Select, Var
from tvmlab.ir.functions import FUNCTIONS
from tvmlab.ir.local import Slice
from tvmlab.ir.operation import OPERATIONS, Operation
from tvmlab.ir.shuffle import SHUFFLES

OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.And: "and", ast.Or: "or",
    ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^", ast.LShift: "<<", ast.RShift: ">>",
}  # fmt: skip
SPECIAL = {"inf": inf, "nan": nan}
"""Names that stand for float32 numbers where no variable has them."""
_OF_WARPS = dict.fromkeys(SHUFFLES, 2)


def fail(node: ast.AST, words: str) -> ParseError:
    """The error that says what is wrong in the line of `node`."""
    return ParseError(f"line {getattr(node, 'lineno', 1)} of the program: {words}.")


class Scope:
    """The variables and buffers that names mean, and the loops around with their extents."""

    def __init__(
        self,
        variables: Mapping[str, Var] | None = None,
        buffers: Mapping[str, Buffer] | None = None,
        loops: Mapping[Var, Extent] | None = None,
    ) -> None:
        self.variables = dict(variables or {})
        self.buffers = dict(buffers or {})
        self.loops = dict(loops or {})

    def within(
        self,
        variables: Mapping[str, Var] | None = None,
        buffers: Mapping[str, Buffer] | None = None,
        loops: Mapping[Var, Extent] | None = None,
    ) -> Scope:
        """This scope with more in it."""
        return Scope(
            self.variables | dict(variables or {}),
            self.buffers | dict(buffers or {}),
            self.loops | dict(loops or {}),
        )

    def buffer(self, node: ast.expr) -> Buffer:
        """The buffer that a name means."""
        if not isinstance(node, ast.Name):
            raise fail(node, f"{ast.unparse(node)[:40]!r} is not a buffer")
        buffer = self.buffers.get(node.id)
        if buffer is None:
            known = ", ".join(self.buffers) or "none"
            raise fail(node, f"there is no buffer {node.id!r} here; there are {known}")
        return buffer

    def access(self, node: ast.Subscript) -> tuple[Buffer, tuple[Expr, ...]]:
        """The buffer and the indices of `A[i, j]`."""
        buffer = self.buffer(node.value)
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if len(parts) != len(buffer.shape):
            raise fail(
                node,
                f"{buffer.name} has {len(buffer.shape)} dimension(s), and is used with "
                f"{len(parts)} index(es)",
            )
        return buffer, tuple([parse_expr(part, self) for part in parts])


def parse_expr(node: ast.expr, scope: Scope) -> Expr:
    """The expression of a syntax tree.

    Raises:
        ParseError: a form that the printer does not write, an unknown name, or operands of two
            dtypes.
    """
    if isinstance(node, ast.Name):
        return _name(node, scope)
    if isinstance(node, ast.Constant):
        return _literal(node, node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return _negative(node)
    if isinstance(node, ast.BinOp):
        return _joined(node, node.op, parse_expr(node.left, scope), parse_expr(node.right, scope))
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        right = parse_expr(node.comparators[0], scope)
        return _joined(node, node.ops[0], parse_expr(node.left, scope), right)
    if isinstance(node, ast.BoolOp):
        value = parse_expr(node.values[0], scope)
        for part in node.values[1:]:
            value = _joined(node, node.op, value, parse_expr(part, scope))
        return value
    if isinstance(node, ast.Subscript):
        return Load(*scope.access(node))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        return _call(node, node.func.id, scope)
    raise fail(node, f"{ast.unparse(node)[:60]!r} is no expression of a program")


def _name(node: ast.Name, scope: Scope) -> Expr:
    var = scope.variables.get(node.id)
    if var is not None:
        return var
    if node.id in SPECIAL:
        return Const(SPECIAL[node.id], "float32")
    known = ", ".join(scope.variables) or "none"
    raise fail(node, f"there is no variable {node.id!r} here; there are {known}")


def _literal(node: ast.expr, value: object) -> Const:
    """A literal: integers are indices, floats float32, unless a dtype stands around them."""
    if isinstance(value, bool):
        return Const(int(value), "bool")
    if isinstance(value, int):
        if not dtypes.lowest(dtypes.INDEX) <= value <= dtypes.highest(dtypes.INDEX):
            raise fail(node, f"the number {str(value)[:30]} does not fit {dtypes.INDEX}")
        return Const(value, dtypes.INDEX)
    if isinstance(value, float):
        return Const(value, "float32")
    raise fail(node, f"{ast.unparse(node)[:40]} is not a number")


def _number(node: ast.expr) -> int | float | None:
    """The number that a literal stands for; None where the node is no literal."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _number(node.operand)
        return None if value is None else -value
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return node.value
    return SPECIAL.get(node.id) if isinstance(node, ast.Name) else None


def _negative(node: ast.UnaryOp) -> Const:
    value = _number(node)
    if value is None:
        raise fail(node, f"write 0 - x for {ast.unparse(node)[:40]}: a sign belongs to a number")
    return _literal(node, value)


def _joined(node: ast.expr, operator: ast.AST, a: Expr, b: Expr) -> Expr:
    """`a operator b`, exactly as written: nothing is folded."""
    op = OPERATORS.get(type(operator))
    if op is None:
        raise fail(node, f"{ast.unparse(node)[:60]!r} has an operator that programs do not have")
    if a.dtype != b.dtype:
        raise fail(
            node,
            f"{op!r} joins {a.dtype} and {b.dtype}; write a cast such as {a.dtype}(...) around "
            "one side",
        )
    if op in ("and", "or"):
        if a.dtype != "bool":
            raise fail(node, f"{op!r} joins conditions, not values of {a.dtype}")
    elif op not in COMPARISONS and a.dtype == "bool":
        raise fail(node, f"{op!r} is not defined on conditions")
    if op == "/" and not dtypes.is_float(a.dtype):
        raise fail(node, f"'/' divides floats, not {a.dtype}; use //")
    if op in ("//", "%", *BITWISE) and not dtypes.is_integer(a.dtype):
        raise fail(node, f"{op!r} is defined on integers, not {a.dtype}")
    return Binary(op, a, b)


def _call(node: ast.Call, name: str, scope: Scope) -> Expr:
    if name in dtypes.ALL:
        return _typed(node, name, scope)
    args = tuple([parse_expr(a, scope) for a in node.args])
    if name in OPERATIONS:
        return _operation(node, OPERATIONS[name], args)
    arity = {"min": 2, "max": 2, "select": 3, "ramp": 2, "slice": 3, **_OF_WARPS}.get(name)
    if arity is None and name in FUNCTIONS:
        arity = FUNCTIONS[name].arity
    if arity is None:
        raise fail(node, f"there is no function {name!r}; there are {', '.join(FUNCTIONS)}")
    if len(args) != arity:
        raise fail(node, f"{name} takes {arity} argument(s), not {len(args)}")
    if name in SHUFFLES:
        return Call(name, args, args[0].dtype)
    if name == "ramp":
        lanes = args[1]
        if not (isinstance(lanes, Const) and lanes.dtype == dtypes.INDEX and lanes.value >= 2):
            raise fail(node, "the lanes of a ramp are an integer of at least 2")
        return Ramp(args[0], int(lanes.value))
    if name == "slice":
        start, count = args[1:]
        if not (isinstance(start, Const) and isinstance(count, Const)):
            raise fail(node, "a slice is of lanes that are known: slice(v, 0, 4)")
        return Slice(args[0], int(start.value), int(count.value))
    typed = args[1:] if name == "select" else args
    if len({a.dtype for a in typed}) > 1:
        said = " and ".join(a.dtype for a in typed)
        raise fail(node, f"{name} joins {said}; write a cast around one of them")
    if name in FUNCTIONS and not FUNCTIONS[name].takes(args[0].dtype):
        raise fail(node, f"{name} is defined on {FUNCTIONS[name].domain}, not {args[0].dtype}")
    if name in ("min", "max"):
        return Binary(name, *args)
    return Select(*args) if name == "select" else Call(name, args, args[0].dtype)


def _operation(node: ast.Call, operation: Operation, args: tuple[Expr, ...]) -> Expr:
    if tuple(a.dtype for a in args) != operation.takes:
        raise fail(node, f"{operation.name} takes {', '.join(operation.takes)}")
    return operation(*args)


def _typed(node: ast.Call, dtype: str, scope: Scope) -> Expr:
    """`uint8(2)` is a literal of that dtype where its number is written so, else a cast."""
    if len(node.args) != 1:
        raise fail(node, f"{dtype} takes one value, not {len(node.args)}")
    value = _number(node.args[0])
    named = isinstance(node.args[0], ast.Name) and node.args[0].id in scope.variables
    is_own = dtype not in (dtypes.INDEX, "float32", "bool")
    if value is not None and not isinstance(value, bool) and is_own and not named:
        low, high = dtypes.lowest(dtype), dtypes.highest(dtype)
        fits = dtypes.is_float(dtype) or low <= value <= high
        if isinstance(value, float) == dtypes.is_float(dtype) and fits:
            return Const(value, dtype)
    return Cast(dtype, parse_expr(node.args[0], scope))
