"""Statements to text: loops with registers carried through phis, branches, stores by chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import lcm

from tvmlab.arith import simplify
from tvmlab.arith.limits import narrowed
from tvmlab.errors import TargetError
from tvmlab.ir.buffer import Buffer, Extent
from tvmlab.ir.expr import Expr
from tvmlab.ir.program import Allocate, For, If, Let, Prefetch, Seq, Stmt, Store
from tvmlab.ir.shapes import is_over_sizes
from tvmlab.ir.walk import stmts, variables
from tvmlab.targets.cpu.emit_context import SCALAR, Chunk, Context, chunk_lanes, evaluate
from tvmlab.targets.cpu.emit_index import index_value
from tvmlab.targets.cpu.emit_memory import prefetch, store
from tvmlab.targets.cpu.emit_streams import begins_well, stream_of, widths_bytes
from tvmlab.targets.cpu.emit_text import Lines
from tvmlab.targets.cpu.emit_types import value_type
from tvmlab.targets.cpu.emit_value import set_mask, value

Registers = dict[tuple[Buffer, int], str]

STACK_ALIGNMENT = 64
"""Bytes that an intermediate on the stack is aligned to: a cache line, a vector of 512 bits."""


def statement(cx: Context, stmt: Stmt) -> None:
    """Append the text of `stmt`."""
    _FORMS.get(type(stmt), _unknown)(cx, stmt)


def extent_of(loop: For) -> Extent:
    """A loop's number of iterations: a number, or over sizes and then at least 1.

    Raises:
        TargetError: it is neither.
    """
    if not is_over_sizes(loop.extent):
        raise TargetError(
            f"Emitting for target cpu stopped at loop {loop.var.name!r}, whose extent "
            f"{loop.extent!r} is not known; give every extent a number."
        )
    return loop.extent


# Loops


def _for(cx: Context, loop: For) -> None:
    buffer = stream_of(cx, loop)
    if buffer is None:
        _run(cx, loop)
    else:
        _streaming(cx, loop, buffer, widths_bytes(cx, buffer))


def _streaming(cx: Context, loop: For, buffer: Buffer, widths: Sequence[int]) -> None:
    """The loop with stores to the buffer that pass the caches by, if it begins well for a width."""
    if not widths:
        _run(cx, loop)
        return
    width_bytes, *less = widths
    _either(
        cx,
        begins_well(cx, buffer, width_bytes),
        lambda: _past_caches(cx, loop, buffer, width_bytes),
        lambda: _streaming(cx, loop, buffer, less),
    )


def _past_caches(cx: Context, loop: For, buffer: Buffer, width_bytes: int) -> None:
    streamed, place = cx.streamed, cx.pointers[buffer]
    cx.streamed = streamed | {buffer}
    cx.pointers[buffer] = (place[0], lcm(place[1], width_bytes))
    _run(cx, loop)
    cx.streamed, cx.pointers[buffer] = streamed, place


def _run(cx: Context, loop: For) -> None:
    extent = extent_of(loop)
    outside = _enter(cx, loop)
    if isinstance(extent, int) and (loop.kind == "unrolled" or extent == 1):
        for i in range(extent):
            cx.constants[loop.var] = i
            statement(cx, loop.body)
        cx.constants.pop(loop.var, None)
    elif loop.kind == "parallel" and cx.fork is not None:
        cx.fork(cx, loop)
    elif isinstance(extent, Expr):
        counted_loop(cx, loop, "0", str(index_value(cx, extent)))
    elif extent > 0:
        counted_loop(cx, loop, "0", str(extent))
    cx.text.location = outside


def _enter(cx: Context, loop: For) -> str:
    """Let what follows be located at the loop's line; the location until now."""
    outside = cx.text.location
    cx.text.location = cx.locations.get(loop.var, outside)
    return outside


def counted_loop(cx: Context, loop: For, first: str, end: str, turn: str | None = None) -> None:
    """A loop of at least one iteration over first, ..., end - 1; tested at its end.

    Args:
        turn: a number: where it is odd the iterations go from end - 1 to first.
    """
    text = cx.text
    at = text.location
    name = text.fresh(loop.var.name)
    header, after, var = f"loop.{name}", f"after.{name}", f"%{name}"
    before = text.frames[-1].label
    carried = {k: v for k, v in cx.registers.items() if k[0] in cx.stored[id(loop)]}
    text.open(header, cx.stored[id(loop)])
    cx.variables[loop.var] = text.define(var)
    if turn is not None:
        cx.variables[loop.var] = _turned(cx, var, (first, end), turn)
    phis: Registers = {}
    for key in carried:
        phis[key] = cx.registers[key] = text.define(f"%{text.fresh('held')}")
    statement(cx, loop.body)
    del cx.variables[loop.var]
    frame = text.close()
    latch = frame.label
    lines: Lines = [f"  br label %{header}{at}", f"{header}:"]
    lines.append(f"  {var} = phi i64 [ {first}, %{before} ], [ {var}.next, %{latch} ]{at}")
    for key, phi in phis.items():
        kind = _register_type(cx, key)
        values = f"[ {carried[key]}, %{before} ], [ {cx.registers[key]}, %{latch} ]"
        lines.append(f"  {phi} = phi {kind} {values}{at}")
    lines.append(frame.lines)
    lines.append(f"  {var}.next = add nuw nsw i64 {var}, 1{at}")
    lines.append(f"  {var}.again = icmp ult i64 {var}.next, {end}{at}")
    hint = text.module.loop_hint(_is_shaped(loop))
    lines.append(f"  br i1 {var}.again, label %{header}, label %{after}{hint}{at}")
    text.place(lines, after)


def _turned(cx: Context, var: str, bounds: tuple[str, str], turn: str) -> str:
    """The loop's variable; where `turn` is odd, as far from the end as it is from the beginning."""
    first, end = bounds
    odd = cx.text.pure(f"and i64 {turn}, 1", (turn,))
    is_odd = cx.text.pure(f"icmp ne i64 {odd}, 0", (odd,))
    both = cx.text.pure(f"add nsw i64 {first}, {end}", bounds)
    last = cx.text.pure(f"add nsw i64 {both}, -1", (both,))
    mirrored = cx.text.pure(f"sub nsw i64 {last}, {var}", (last, var))
    return cx.text.pure(f"select i1 {is_odd}, i64 {mirrored}, i64 {var}", (is_odd, mirrored, var))


def _register_type(cx: Context, key: tuple[Buffer, int]) -> str:
    """The type of an element in registers: a vector if its tile is made of vectors."""
    return value_type(key[0].dtype, cx.register_lanes[key])


def _is_shaped(loop: For) -> bool:
    """Whether a schedule gave the loop's inside vectors or unrolling, which LLVM is to keep."""
    return any(
        s.kind == "unrolled"
        if isinstance(s, For)
        else isinstance(s, Store) and any(i.lanes > 1 for i in s.indices)
        for s in stmts(loop.body)
    )


# Branches


def _if(cx: Context, branch: If) -> None:
    if branch.condition.lanes > 1:
        _masked(cx, branch)
        return
    cx.chunk, cx.mask, cx.mask_lanes = SCALAR, "true", 1
    condition = value(cx, _settled(cx, branch.condition))
    otherwise = branch.otherwise
    _either(
        cx,
        condition,
        lambda: _where(cx, branch.condition, True, branch.then),
        None if otherwise is None else lambda: _where(cx, branch.condition, False, otherwise),
    )


def _settled(cx: Context, condition: Expr) -> Expr:
    """A condition as far as it is not known: in unrolled code most hold, which no loop around it
    is to ask at each iteration."""
    fixed = {v: (cx.constants[v],) * 2 for v in variables(condition) if v in cx.constants}
    return simplify(condition, {**cx.ranges, **fixed}) if fixed else condition


def _where(cx: Context, condition: Expr, holds: bool, body: Stmt) -> None:
    """One side of a branch, and what it knows of variables: what that proves holds there alone."""
    ranges = narrowed(cx.ranges, condition, holds)
    if ranges == cx.ranges:
        statement(cx, body)
        return
    outside = cx.ranges, cx.linear, cx.non_negative
    cx.ranges, cx.linear, cx.non_negative = ranges, {}, {}
    statement(cx, body)
    cx.ranges, cx.linear, cx.non_negative = outside


def _either(
    cx: Context, condition: str, then: Callable[[], None], other: Callable[[], None] | None
) -> None:
    """A branch on a scalar condition; what is in registers comes from the side that was taken."""
    if condition in ("true", "false"):
        chosen = then if condition == "true" else other
        if chosen is not None:
            chosen()
        return
    text = cx.text
    name = text.fresh("if")
    before_label = text.frames[-1].label
    yes, no, after = f"then.{name}", f"else.{name}", f"after.{name}"
    lines: Lines = [
        f"  br i1 {condition}, label %{yes}, "
        f"label %{no if other is not None else after}{text.location}"
    ]
    at_start = dict(cx.registers)
    ends = [_arm(cx, then, yes, after, lines)]
    if other is not None:
        cx.registers = dict(at_start)
        ends.append(_arm(cx, other, no, after, lines))
    else:
        ends.append((before_label, at_start))
    text.place(lines, after)
    cx.registers = _merged(cx, ends)


def _arm(
    cx: Context, body: Callable[[], None], label: str, after: str, lines: Lines
) -> tuple[str, Registers]:
    """One side of a branch into `lines`; the block it ends in, and the registers there."""
    cx.text.open(label, None)
    body()
    frame = cx.text.close()
    lines += [f"{label}:", frame.lines, f"  br label %{after}{cx.text.location}"]
    return frame.label, dict(cx.registers)


def _merged(cx: Context, ends: list[tuple[str, Registers]]) -> Registers:
    """The registers after a branch: phis where its sides differ."""
    (label_a, a), (label_b, b) = ends
    result: Registers = {}
    for key in {**a, **b}:
        x, y = a.get(key, "poison"), b.get(key, "poison")
        if x == y:
            result[key] = x
            continue
        name = cx.text.define(f"%{cx.text.fresh('held')}")
        kind = _register_type(cx, key)
        cx.text.line(f"{name} = phi {kind} [ {x}, %{label_a} ], [ {y}, %{label_b} ]")
        result[key] = name
    return result


def _masked(cx: Context, branch: If) -> None:
    """A condition that differs between lanes masks the stores below it."""
    if branch.otherwise is not None:
        raise TargetError(
            "Emitting for target cpu stopped at a vector condition with an else branch; "
            "this is a defect of tvmlab."
        )
    outside = cx.conditions
    cx.conditions = (*outside, branch.condition)
    statement(cx, branch.then)
    cx.conditions = outside


# The rest


def _seq(cx: Context, seq: Seq) -> None:
    for s in seq.stmts:
        statement(cx, s)


def _allocate(cx: Context, allocate: Allocate) -> None:
    if allocate.buffer.scope != "register":
        _on_stack(cx, allocate)
        return
    statement(cx, allocate.body)
    for key in [k for k in cx.registers if k[0] is allocate.buffer]:
        del cx.registers[key]


def _on_stack(cx: Context, allocate: Allocate) -> None:
    """Memory of the function, made once at its entry: in a loop the stack would grow."""
    buffer = allocate.buffer
    pointer = f"%{cx.text.fresh(buffer.name)}"
    memory = f"alloca [{buffer.size_bytes} x i8], align {STACK_ALIGNMENT}"
    cx.text.entry.append(f"  {pointer} = {memory}")
    cx.pointers[buffer] = (pointer, STACK_ALIGNMENT)
    statement(cx, allocate.body)
    del cx.pointers[buffer]


def _let(cx: Context, stmt: Let) -> None:
    """The value once, chunk by chunk where lanes are concerned; the body knows it by name."""
    lanes = max([stmt.var.lanes, *[e.lanes for e in cx.conditions]])
    for chunk in _chunks(lanes, cx.vector_lanes):
        cx.chunk = chunk
        if set_mask(cx, cx.conditions):
            cx.named[stmt.var, chunk.start] = evaluate(cx, stmt.value, cx.lanes(stmt.var))
    cx.chunk = SCALAR
    statement(cx, stmt.body)


def _store(cx: Context, stmt: Store) -> None:
    outside = cx.text.location
    if stmt.source is not None:
        cx.text.location = cx.locations.get(stmt.source, outside)
    lanes = max([stmt.value.lanes, *[e.lanes for e in (*stmt.indices, *cx.conditions)]])
    for chunk in _chunks(lanes, cx.vector_lanes):
        cx.chunk = chunk
        if set_mask(cx, cx.conditions):
            store(cx, stmt.buffer, stmt.indices, evaluate(cx, stmt.value, chunk.lanes))
    cx.chunk = SCALAR
    cx.text.location = outside


def _prefetch(cx: Context, stmt: Prefetch) -> None:
    prefetch(cx, stmt.buffer, stmt.indices)


def _chunks(lanes: int, machine_lanes: int) -> Iterator[Chunk]:
    """Machine vectors that cover `lanes`; the last is the shortest that suffices."""
    if lanes == 1:
        yield SCALAR
        return
    for start in range(0, lanes, machine_lanes):
        active = min(machine_lanes, lanes - start)
        yield Chunk(start, chunk_lanes(lanes, start, machine_lanes), active)


def _unknown(cx: Context, stmt: Stmt) -> None:
    raise TargetError(
        f"Emitting for target cpu stopped at a {type(stmt).__name__}, which lowering should have "
        "removed; lower the program first."
    )


_FORMS: dict[type[Stmt], Callable[..., None]] = {
    For: _for,
    If: _if,
    Seq: _seq,
    Allocate: _allocate,
    Let: _let,
    Store: _store,
    Prefetch: _prefetch,
}
