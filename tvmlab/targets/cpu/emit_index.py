"""Index arithmetic: 64-bit scalars that do not overflow, and the addresses they lead to.

An access is brought to a linear sum over loop variables once. Its address is then a chain of
pointers, one a loop level, so that each part is computed where its variables change; constants of
unrolled loops end up as displacements of the access itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd

from tvmlab.arith import bounds
from tvmlab.arith.linear import atom_expr
from tvmlab.errors import TargetError
from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Buffer, Extent
from tvmlab.ir.constants import OPERATIONS
from tvmlab.ir.expr import SHIFTS, Binary, Const, Expr, Ramp, Var, fold
from tvmlab.ir.local import Local
from tvmlab.ir.walk import variables
from tvmlab.targets.cpu.emit_context import Context
from tvmlab.targets.cpu.emit_integer import round_down
from tvmlab.targets.cpu.emit_run import LANE, in_a_lane, joined, run_of
from tvmlab.targets.cpu.emit_types import memory_type

_PLAIN = {"+": "add nsw", "-": "sub nsw", "*": "mul nsw"}


@dataclass(frozen=True)
class LinearIndex:
    """`constant + sum of coefficient * term + stride * lane + sum of coefficient * vector`.

    Attributes:
        terms: scalar expressions, their coefficients and the variables in them.
        constant: in elements.
        stride: elements between neighbouring lanes.
        vectors: index vectors that are not linear in the lane.
        offsets: of every lane from the first, where they are known and not even; `stride` is 0.
        inside: whether the access lies in its buffer for all values of the loop variables.
    """

    terms: tuple[tuple[Expr, int, frozenset[Var]], ...]
    constant: int
    stride: int
    vectors: tuple[tuple[Expr, int], ...]
    offsets: tuple[int, ...] | None
    inside: bool

    @property
    def is_even(self) -> bool:
        """Whether the lanes are `stride` elements apart."""
        return not self.vectors and self.offsets is None


def index_value(cx: Context, expr: Expr) -> int | str:
    """The value of a scalar int64 expression: a number where it is known, else a name."""
    if isinstance(expr, Const):
        return int(expr.value)
    if isinstance(expr, Var) and not isinstance(expr, Local):
        return variable(cx, expr)
    if not isinstance(expr, Binary) or expr.dtype != dtypes.INDEX:
        return cx.evaluate(cx, expr)
    a, b = index_value(cx, expr.a), index_value(cx, expr.b)
    op = expr.op
    if isinstance(a, int) and isinstance(b, int):
        return _constant(op, a, b)
    if op in _PLAIN:
        return combine(cx, op, a, b)
    if op in ("//", "%") and isinstance(b, int) and b > 0:
        return _divide(cx, expr, str(a), b)
    if op in ("//", "%") and is_non_negative(cx, expr.a) and is_non_negative(cx, expr.b):
        return cx.text.pure(f"{'udiv' if op == '//' else 'urem'} i64 {a}, {b}", (str(a), str(b)))
    return cx.evaluate(cx, expr)


def variable(cx: Context, var: Var) -> int | str:
    """The value of a loop variable: a number in unrolled loops.

    Raises:
        TargetError: no loop binds it: a symbolic extent.
    """
    known = cx.constants.get(var)
    if known is not None:
        return known
    name = cx.variables.get(var)
    if name is None:
        raise TargetError(
            f"Emitting for target cpu stopped at {var.name!r}, a size that is not known; "
            "give every extent a number."
        )
    return name


def combine(cx: Context, op: str, a: int | str, b: int | str) -> int | str:
    """`a op b` for + - * of index values."""
    if isinstance(a, int) and isinstance(b, int):
        return _constant(op, a, b)
    neutral = 1 if op == "*" else 0
    if b == neutral:
        return a
    if a == neutral and op != "-":
        return b
    if op == "*" and 0 in (a, b):
        return 0
    return cx.text.pure(f"{_PLAIN[op]} i64 {a}, {b}", (str(a), str(b)))


def _constant(op: str, a: int, b: int) -> int:
    """`a op b` wrapped to 64 bits; a shift of any amount is one of 0 to 63 bits, as emitted."""
    value = OPERATIONS[op](a, b & 63 if op in SHIFTS else b)
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)


def _divide(cx: Context, expr: Binary, a: str, divisor: int) -> str:
    """Floor division or modulo by a positive constant, cheaply where a is not negative."""
    if divisor & (divisor - 1) == 0:  # shifts and masks round towards minus infinity
        by = divisor.bit_length() - 1
        text = f"ashr i64 {a}, {by}" if expr.op == "//" else f"and i64 {a}, {divisor - 1}"
        return cx.text.pure(text, (a,))
    if is_non_negative(cx, expr.a):
        return cx.text.pure(f"{'udiv' if expr.op == '//' else 'urem'} i64 {a}, {divisor}", (a,))
    return round_down(cx, expr.op, a, str(divisor), dtypes.INDEX, 1)


def is_non_negative(cx: Context, expr: Expr) -> bool:
    """Whether the loops' ranges show that `expr` is never negative."""
    cache = cx.non_negative
    if id(expr) not in cache:
        cache[id(expr)] = bounds(expr, cx.ranges)[0] >= 0
    return cache[id(expr)]


def linear_index(cx: Context, buffer: Buffer, indices: tuple[Expr, ...]) -> LinearIndex:
    """The access `buffer[indices]` as a linear sum, worked out once for each node."""
    key = (buffer, id(indices))  # two buffers may share a tuple: there is one empty one
    found = cx.linear.get(key)
    if found is None:
        found = cx.linear[key] = _linear_index(cx, buffer, indices)
    return found


def _linear_index(cx: Context, buffer: Buffer, indices: tuple[Expr, ...]) -> LinearIndex:
    terms: dict[Expr, int] = {}
    vectors: list[tuple[Expr, int]] = []
    constant = stride = 0
    work: list[tuple[Expr, int, Expr | None]] = []
    for index, by in zip(indices, buffer.strides(), strict=True):
        work.append((index, by, None) if isinstance(by, int) else (index, 1, by))
    while work:
        # The part is `expr * factor`, and times `by` where the stride is over sizes.
        expr, factor, over = work.pop()
        if isinstance(expr, Const) and over is None:
            constant += factor * int(expr.value)
        elif isinstance(expr, Binary) and expr.op in ("+", "-") and expr.dtype == dtypes.INDEX:
            work.append((expr.a, factor, over))
            work.append((expr.b, factor if expr.op == "+" else -factor, over))
        elif isinstance(expr, Binary) and expr.op == "*" and isinstance(expr.b, Const):
            work.append((expr.a, factor * int(expr.b.value), over))
        elif isinstance(expr, Ramp) and over is None:
            stride += factor
            work.append((expr.base, factor, None))
        elif expr.lanes > 1:
            vectors.append((_strided(expr, over), factor))
        else:
            term = _strided(expr, over)
            terms[term] = terms.get(term, 0) + factor
    offsets = None
    run = run_of([*terms.items(), *vectors], cx.ranges) if vectors else None
    if run is not None:
        (rest, added), vectors = run, []
        constant += rest.constant
        terms = {atom_expr(atom): coefficient for atom, coefficient in rest.terms.items()}
        offsets = tuple([stride * lane + more for lane, more in enumerate(added)])
        constant, stride = constant + offsets[0], offsets[1] - offsets[0]
        offsets = tuple([offset - offsets[0] for offset in offsets])
        if all(offset == stride * lane for lane, offset in enumerate(offsets)):
            offsets = None
        else:
            stride = 0
    elif not vectors and (flat := joined([*terms.items()], cx.ranges)) is not None:
        constant += flat.constant
        terms = {atom_expr(atom): coefficient for atom, coefficient in flat.terms.items()}
    inside = all(_is_inside(cx, i, e) for i, e in zip(indices, buffer.shape, strict=True))
    kept = tuple([(e, c, frozenset(variables(e))) for e, c in terms.items() if c])
    return LinearIndex(kept, constant, stride, tuple(vectors), offsets, inside)


def _strided(expr: Expr, by: Expr | None) -> Expr:
    return expr if by is None else fold("*", expr, by)


def _is_inside(cx: Context, index: Expr, extent: Extent) -> bool:
    ranges = {**cx.ranges, LANE: (0, index.lanes - 1)}
    index = in_a_lane(index)
    return bounds(index, ranges)[0] >= 0 and bounds(index - extent, ranges)[1] < 0


@dataclass(frozen=True)
class Address:
    """Where an access begins: `offset` elements after `pointer`; its first lane of this chunk.

    `alignment` is in bytes; `stride` and `vectors` as in `LinearIndex`.
    """

    pointer: str
    offset: int
    alignment: int
    index: LinearIndex


def address(cx: Context, buffer: Buffer, indices: tuple[Expr, ...]) -> Address:
    """The address of an access: its variable part computed level by level, its constant part not.

    In unrolled code only the constant part differs, so the variable part is remembered.
    """
    index = linear_index(cx, buffer, indices)
    constant = index.constant + index.stride * cx.chunk.start
    moving: list[tuple[Expr, int]] = []
    is_fixed = True  # no unrolled loop changes the variable part
    for expr, coefficient, names in index.terms:
        value: int | str | None = cx.constants.get(expr) if isinstance(expr, Var) else None
        if value is None and not names.isdisjoint(cx.constants):
            value = index_value(cx, expr)
            is_fixed = is_fixed and isinstance(value, int)
        if isinstance(value, int):
            constant += coefficient * value
        else:
            is_fixed = is_fixed and not any(isinstance(v, Local) for v in names)
            moving.append((expr, coefficient))
    key = (buffer, id(indices), constant >= 0)
    found = cx.text.frames[-1].bases.get(key) if is_fixed else None
    if found is None:
        found = _base(cx, buffer, moving, index, constant)
        if is_fixed:
            cx.text.frames[-1].bases[key] = found
    pointer, alignment = found
    alignment = max(gcd(alignment, constant * dtypes.size_bytes(buffer.dtype)), 1)
    return Address(pointer, constant, alignment, index)


def _base(
    cx: Context,
    buffer: Buffer,
    moving: list[tuple[Expr, int]],
    index: LinearIndex,
    constant: int,
) -> tuple[str, int]:
    """The pointer that the variable part of an access leads to, and the alignment known of it."""
    pointer, alignment = cx.pointers[buffer]
    size = dtypes.size_bytes(buffer.dtype)
    rises = index.inside and constant >= 0 and index.is_even
    is_rising = rises and all(c > 0 for _, c in moving)
    by_level: dict[int, int | str] = {}
    for expr, coefficient in moving:
        value = index_value(cx, expr)
        alignment = gcd(alignment, coefficient * size)
        level = cx.text.level(str(value))
        term = combine(cx, "*", value, coefficient)
        by_level[level] = combine(cx, "+", by_level.get(level, 0), term)
    for level in sorted(by_level):
        pointer = _step(cx, buffer, pointer, by_level[level], is_rising, hoist=True)
    return pointer, alignment


def pointer_to(cx: Context, buffer: Buffer, at: Address, further: int = 0) -> str:
    """The address, and elements further, its constant part added beside the access that uses it."""
    offset = at.offset + further
    if offset == 0:
        return at.pointer
    is_rising = at.index.inside and offset > 0 and at.index.is_even
    return _step(cx, buffer, at.pointer, offset, is_rising, hoist=False)


def _step(
    cx: Context, buffer: Buffer, pointer: str, by: int | str, is_rising: bool, hoist: bool
) -> str:
    """`pointer` moved on by elements; `inbounds` only where no part of a sum can leave."""
    flags = " inbounds" if is_rising else ""
    text = f"getelementptr{flags} {memory_type(buffer.dtype)}, ptr {pointer}, i64 {by}"
    return cx.text.pure(text, (pointer, str(by))) if hoist else cx.text.here(text)
