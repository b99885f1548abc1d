"""What the emitter knows at the point of the program it stands at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from tvmlab.analysis.numbers import Named
from tvmlab.arith import Interval
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.expr import Expr, Var
from tvmlab.ir.local import Local
from tvmlab.ir.program import For
from tvmlab.targets.cpu.emit_text import FunctionText
from tvmlab.targets.cpu.emit_types import splat_literal, value_type


class Machine(Protocol):
    """What must be known of the processor that code is printed for."""

    @property
    def llvm_cpu(self) -> str:
        """LLVM's name of it, e.g. `znver4`."""

    @property
    def vector_bits(self) -> int:
        """Width of its widest vector register worth using."""

    @property
    def has_fma(self) -> bool:
        """Whether it multiplies and adds in one instruction."""

    @property
    def instruction_sets(self) -> tuple[str, ...]:
        """The names, for people, of what else it offers, e.g. `AVX-512VNNI`."""


@dataclass(frozen=True)
class Chunk:
    """The lanes of a vector statement that are being emitted: one machine vector.

    Attributes:
        start: the first lane.
        lanes: the machine vector's length, a power of two.
        active: how many of its lanes exist in the program; the others are masked off memory.
    """

    start: int
    lanes: int
    active: int


SCALAR = Chunk(0, 1, 1)


def chunk_lanes(lanes: int, start: int, machine_lanes: int) -> int:
    """The length of the machine vector that holds the lanes from `start` on."""
    active = min(machine_lanes, lanes - start)
    return max(1 << (active - 1).bit_length(), 2)


@dataclass
class Context:
    """The emitter's surroundings; a parallel loop's body gets one of its own.

    Attributes:
        text: the function being written.
        machine: what it is written for.
        vector_lanes: lanes of a machine vector in this program.
        evaluate: the value of any expression, for those parts that know only some.
        stored: for each statement with inner statements, the memory buffers it stores to.
        numbers: named values, and buffers in registers, that are never NaN.
        locations: debug location, as it ends an instruction, of loop variables and blocks.
        constants: values of the unrolled loops' variables.
        variables: names of the other loops' variables.
        named: the values of `Let`s, for each chunk by its first lane; a scalar may have one alone.
        ranges: the values of every loop variable, in all its loops together; as far as the branches
            around the statement being emitted let them through.
        pointers: address of each buffer in memory, and the alignment known of it, in bytes.
        registers: the value of each element (or vector, by its first element) in registers.
        register_lanes: the lanes of each of those values.
        fork: prints a parallel loop; None inside one, where it is an ordinary loop.
        streamed: buffers whose whole vectors pass the caches by here.
        conditions: the vector conditions around the statement being emitted.
        chunk: the lanes being emitted.
        mask: where the expression being emitted is wanted, a condition of `mask_lanes` lanes.
        linear, non_negative, is_index: facts about nodes, by identity.
    """

    text: FunctionText
    machine: Machine
    vector_lanes: int
    evaluate: Callable[[Context, Expr], str]
    stored: Mapping[int, frozenset[Buffer]]
    numbers: frozenset[Named]
    locations: Mapping[Var | str, str]
    constants: dict[Var, int] = field(default_factory=dict)
    variables: dict[Var, str] = field(default_factory=dict)
    named: dict[tuple[Local, int], str] = field(default_factory=dict)
    ranges: dict[Var, Interval] = field(default_factory=dict)
    pointers: dict[Buffer, tuple[str, int]] = field(default_factory=dict)
    registers: dict[tuple[Buffer, int], str] = field(default_factory=dict)
    register_lanes: dict[tuple[Buffer, int], int] = field(default_factory=dict)
    fork: Callable[[Context, For], None] | None = None
    streamed: frozenset[Buffer] = frozenset()
    conditions: tuple[Expr, ...] = ()
    chunk: Chunk = SCALAR
    mask: str = "true"
    mask_lanes: int = 1
    linear: dict[tuple[Buffer, int], Any] = field(default_factory=dict)
    non_negative: dict[int, bool] = field(default_factory=dict)
    is_index: dict[int, bool] = field(default_factory=dict)

    def lanes(self, expr: Expr) -> int:
        """The lanes of `expr`'s value in this chunk."""
        return 1 if expr.lanes == 1 else self.chunk.lanes


def spread(cx: Context, value: str, dtype: str, lanes: int) -> str:
    """A scalar value in each of `lanes` lanes."""
    if lanes == 1:
        return value
    scalar, vector = value_type(dtype), value_type(dtype, lanes)
    if not value.startswith("%"):
        return f"splat ({scalar} {value})"
    first = cx.text.pure(f"insertelement {vector} poison, {scalar} {value}, i64 0", (value,))
    return cx.text.pure(
        f"shufflevector {vector} {first}, {vector} poison, <{lanes} x i32> zeroinitializer",
        (first,),
    )


def evaluate(cx: Context, expr: Expr, lanes: int) -> str:
    """The value of `expr` in `lanes` lanes: spread if it is a scalar, or came out as a literal."""
    value = cx.evaluate(cx, expr)
    return (
        value
        if expr.lanes > 1 and value not in ("true", "false")
        else spread(cx, value, expr.dtype, lanes)
    )


def both(cx: Context, a: str, b: str, lanes: int) -> str:
    """`a and b` of two conditions; decided, it is the scalar `true` or `false`."""
    return _logic(cx, "and", "true", "false", a, b, lanes)


def either(cx: Context, a: str, b: str, lanes: int) -> str:
    """`a or b` of two conditions; decided, it is the scalar `true` or `false`."""
    return _logic(cx, "or", "false", "true", a, b, lanes)


def _logic(cx: Context, op: str, neutral: str, absorbing: str, a: str, b: str, lanes: int) -> str:
    a, b = _DECIDED.get(a, a), _DECIDED.get(b, b)
    if absorbing in (a, b):
        return absorbing
    if a in (neutral, b):
        return b
    if b == neutral:
        return a
    return cx.text.pure(f"{op} {value_type('bool', lanes)} {a}, {b}", (a, b))


_DECIDED = {f"splat (i1 {word})": word for word in ("true", "false")}


def negation(cx: Context, a: str, lanes: int) -> str:
    """`not a` of a condition."""
    if a in ("true", "false"):
        return "false" if a == "true" else "true"
    return cx.text.pure(
        f"xor {value_type('bool', lanes)} {a}, {splat_literal(1, 'bool', lanes)}", (a,)
    )
