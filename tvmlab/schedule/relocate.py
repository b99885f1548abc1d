"""A buffer's elements at other places: every access of it said anew, in all blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from tvmlab.analysis.regions import span_of
from tvmlab.arith import Interval, simplify
from tvmlab.arith.simplify import loop_range
from tvmlab.ir.buffer import Buffer, Extent, Load
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Const, Expr, Var
from tvmlab.ir.program import Block, For, Invoke, Program, Region, Stmt, Store
from tvmlab.ir.walk import blocks, map_children, replace_buffers, rewrite_expr, stmts
from tvmlab.schedule.step import Step

Place = Callable[[tuple[Expr, ...]], tuple[Expr, ...]]
"""From an element's indices to where it is now."""


def with_buffer(program: Program, old: Buffer, new: Buffer) -> Program:
    """`program` with the intermediate `old` exchanged for `new`, elements where they were."""
    buffers = [new if b is old else b for b in program.buffers]
    body = replace_buffers(program.body, {old: new})
    return Program(program.name, program.params, program.outputs, buffers, body)


def relocated(program: Program, old: Buffer, new: Buffer, place: Place) -> Program:
    """`program` with the intermediate `old` exchanged for `new`, where elements are elsewhere.

    Indices come out in simplest form. A region that a block declares becomes the smallest box
    that surely holds the new places, in each dimension.
    """
    known = _ranges(program)

    def moved(indices: tuple[Expr, ...]) -> tuple[Expr, ...]:
        return tuple(
            [_index(i, size, known) for i, size in zip(place(indices), new.shape, strict=True)]
        )

    def on_expr(e: Expr) -> Expr | None:
        if isinstance(e, Load) and e.buffer is old:
            return Load(new, moved(e.indices))
        return None

    def region(r: Region) -> Region:
        starts = [rewrite_expr(start, on_expr) for start, _ in r.bounds]
        if r.buffer is old:
            if all(extent == 1 for _, extent in r.bounds):
                return Region(new, [(start, 1) for start in moved(tuple(starts))])
            return Region(new, _box(r, place, new, known))
        return Region(r.buffer, [(s, x) for s, (_, x) in zip(starts, r.bounds, strict=True)])

    def visit(s: Stmt) -> Stmt:
        s = map_children(s, visit, on_expr)
        if isinstance(s, Store) and s.buffer is old:
            return Store(new, moved(s.indices), s.value, s.source)
        if isinstance(s, Block) and old in [r.buffer for r in (*s.reads, *s.writes)]:
            return s.replace(reads=tuple(map(region, s.reads)), writes=tuple(map(region, s.writes)))
        return s

    kept = [new if b is old else b for b in program.buffers]
    body = visit(program.body)
    return Program(program.name, program.params, program.outputs, kept, body)


def _index(index: Expr, size: Extent, known: Mapping[Var, Interval]) -> Expr:
    """An index of a dimension of that size in simplest form.

    A variable by itself says that it goes as far as the dimension, so one that does not stays as
    it was written: `v % 16`, where v is below 8.
    """
    simple = simplify(index, known)
    if isinstance(simple, Var) and isinstance(size, int) and known[simple][1] + 1 < size:
        return index
    return simple


def _box(
    region: Region, place: Place, new: Buffer, known: Mapping[Var, Interval]
) -> Iterator[tuple[Expr, Extent]]:
    """The new box of a region: where all of its elements are."""
    inside = dict(known)
    indices: list[Expr] = []
    local: set[Var] = set()
    for start, extent in region.bounds:
        if extent == 1:
            indices.append(start)
            continue
        assert isinstance(extent, int), "the buffer's extents are known"
        offset = Var("offset")
        inside[offset] = (0, extent - 1)
        local.add(offset)
        indices.append(start + offset)
    for index, size in zip(place(tuple(indices)), new.shape, strict=True):
        found = span_of(index, 1, local, inside)
        if found is None:
            yield Const(0, INDEX), size
        else:
            yield found.start.expr(), found.extent


def _ranges(program: Program) -> dict[Var, Interval]:
    """What is known of every variable in `program`."""
    known: dict[Var, Interval] = {}
    for s in stmts(program.body):
        if isinstance(s, For):
            known[s.var] = loop_range(s, known)
        elif isinstance(s, Block):
            known |= {it.var: (0, it.extent - 1) for it in s.iters if isinstance(it.extent, int)}
    return known


def require_free(step: Step, program: Program, buffer: Buffer) -> None:
    """Demand that no instruction works on `buffer` as it is laid out.

    Raises:
        ScheduleError: one does.
    """
    instruction = operand_of(program, buffer)
    if instruction is not None:
        raise step.refuse(
            "",
            f"{instruction} works on {buffer.name} as it is laid out",
            f"{step.name} before tensorize",
        )


def operand_of(program: Program, buffer: Buffer) -> str | None:
    """The name of an instruction that works on `buffer` as it is laid out, if there is one."""
    return next(
        (
            s.name
            for block in blocks(program.body)
            for s in stmts(block)
            if isinstance(s, Invoke) and buffer in [o.buffer for o in s.operands]
        ),
        None,
    )
