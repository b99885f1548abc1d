"""Intermediates that live in registers alone: set, used and forgotten inside one iteration.

    C = allocate(float32[6, 16])                     for yo: for xo:
    for yo: for xo:                                      C = allocate(.., scope="register")
        for yi in unrolled(6): C[yi, ..] = ...   ->      for yi in unrolled(6): C[yi, ..] = ...
        for yi in unrolled(6): D[..] = relu(C[yi, ..])   for yi in unrolled(6): D[..] = relu(C[..])

So what is computed into a tile (by `compute_at`, `cache_write`) reaches its reader without memory.
"""

from __future__ import annotations

from collections import Counter
from itertools import product
from math import prod

from tvmlab.arith.linear import Linear
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Var
from tvmlab.ir.kernel import has_kernels, outermost, touched
from tvmlab.ir.program import Allocate, Barrier, For, If, Invoke, Program, Seq, Stmt, Store
from tvmlab.ir.walk import exprs, exprs_of, loads, stmts, sub_stmts
from tvmlab.lower.tile import (
    Access,
    Tile,
    accesses,
    in_tile,
    moving_variables,
    take_apart,
    tile_of,
    unrolled_extents,
)

MOST_REGISTERS = 64
"""Values of a tile beyond which it is better off in memory: twice the registers of AVX-512."""

LANES = 16
"""Lanes that go into one register, of the elements that tiles are mostly made of."""


def localise(program: Program) -> Program:
    """The program with small intermediates in registers."""
    kept = {b for s in stmts(program.body) if isinstance(s, Barrier) for b in s.buffers}
    kept |= {o.buffer for s in stmts(program.body) if isinstance(s, Invoke) for o in s.operands}
    kept |= _outlives_kernels(program.body)
    used = _Used()
    for buffer in program.buffers:
        body = None if buffer in kept else _inside(program.body, buffer, used)
        if body is not None:
            left = [b for b in program.buffers if b is not buffer]
            program = Program(program.name, program.params, program.outputs, left, body)
    return program


def _outlives_kernels(body: Stmt) -> set[Buffer]:
    """What one part of a program for a device hands to another: no register lives as long."""
    if not has_kernels(body):
        return set()
    parts = outermost(body)
    count = Counter(b for part in parts for b in {b for b, _ in touched(part)})
    return {b for b, parts_with_it in count.items() if parts_with_it > 1}


class _Used:
    """The buffers in each statement, found once: a long program has many of both."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Stmt, frozenset[Buffer]]] = {}
        self._places: dict[int, tuple[Seq, dict[Buffer, list[int]]]] = {}

    def __call__(self, stmt: Stmt) -> frozenset[Buffer]:
        if id(stmt) not in self._known:
            own = {stmt.buffer} if isinstance(stmt, Store) else set()
            own.update(x.buffer for e in exprs_of(stmt) for x in exprs(e) if isinstance(x, Load))
            used = frozenset(own).union(*(self(below) for below in sub_stmts(stmt)))
            self._known[id(stmt)] = stmt, used  # the statement is kept, and so its id
        return self._known[id(stmt)][1]

    def places(self, seq: Seq, buffer: Buffer) -> list[int]:
        """Which of the statements in a row use the buffer."""
        if id(seq) not in self._places:
            places = dict[Buffer, list[int]]()
            for n, stmt in enumerate(seq.stmts):
                for each in self(stmt):
                    places.setdefault(each, []).append(n)
            self._places[id(seq)] = seq, places
        return self._places[id(seq)][1].get(buffer, [])


def _inside(stmt: Stmt, buffer: Buffer, used: _Used) -> Stmt | None:
    """`stmt` with the buffer in registers wherever it is used; None if it needs memory."""
    if buffer not in used(stmt):
        return stmt
    if isinstance(stmt, For):
        body = _inside(stmt.body, buffer, used)
        return stmt.replace(body=body) if body is not None else None
    if isinstance(stmt, If):
        then = _inside(stmt.then, buffer, used)
        otherwise = _inside(stmt.otherwise, buffer, used) if stmt.otherwise is not None else None
        if then is None or (stmt.otherwise is not None and otherwise is None):
            return None
        return If(stmt.condition, then, otherwise)
    if isinstance(stmt, Allocate):
        body = _inside(stmt.body, buffer, used)
        return Allocate(stmt.buffer, body) if body is not None else None
    if not isinstance(stmt, Seq):
        return None
    parts = list(stmt.stmts)
    for place in used.places(stmt, buffer):
        part = _inside(parts[place], buffer, used)
        if part is None:
            return _here(stmt, buffer, used)
        parts[place] = part
    return Seq(parts)


def _here(seq: Seq, buffer: Buffer, used: _Used) -> Stmt | None:
    """The statements with a tile of registers around them, if the first to use it sets it all."""
    using = [seq.stmts[place] for place in used.places(seq, buffer)]
    around = Seq(using)
    unrolled = unrolled_extents(around)
    moving = moving_variables(around)
    found = [take_apart(i, unrolled, moving) for i in accesses(around, buffer)]
    known = [a for a in found if a is not None]
    tile = tile_of(known, unrolled) if len(known) == len(found) else None
    if tile is None or _registers(tile, known[0]) > MOST_REGISTERS:
        return None
    if any(isinstance(s, For) and s.kind == "parallel" for s in stmts(seq)):
        return None
    if not _sets_all(using[0], buffer, tile, used):
        return None
    registers = Buffer(buffer.name, tile.shape, buffer.dtype, "register")
    return Allocate(registers, in_tile(seq, buffer, registers, tile))


def _registers(tile: Tile, access: Access) -> int:
    """How many registers a tile takes."""
    return -(-prod(tile.extents) // min(prod(access.lanes), LANES))


def _sets_all(stmt: Stmt, buffer: Buffer, tile: Tile, used: _Used) -> bool:
    """Whether `stmt` begins by setting every element of the tile, whatever else it does."""
    if isinstance(stmt, (Seq, Allocate)):
        first = next(s for s in sub_stmts(stmt) if buffer in used(s))
        return _sets_all(first, buffer, tile, used)
    if any(isinstance(s, If) for s in stmts(stmt)):
        return False
    if any(e.buffer is buffer for e in loads(stmt)):
        return False
    unrolled = unrolled_extents(stmt)
    elements: set[tuple[int, ...]] = set()
    for s in stmts(stmt):
        if isinstance(s, Store) and s.buffer is buffer:
            access = take_apart(s.indices, unrolled, set())
            assert access is not None, "the access was taken apart before"
            elements |= _places(access, tile, unrolled)
    return len(elements) == prod(tile.extents)


def _places(access: Access, tile: Tile, unrolled: dict[Var, int]) -> set[tuple[int, ...]]:
    """The elements of the tile that an access reaches in all iterations."""
    free = [v for v in unrolled if any(v in o.terms for o in access.offsets)]
    found: set[tuple[int, ...]] = set()
    for values in product(*[range(unrolled[v]) for v in free]):
        at = dict(zip(free, values, strict=True))
        starts = [
            _value(o, at) - first for o, first in zip(access.offsets, tile.start, strict=True)
        ]
        spans = [range(s, s + n) for s, n in zip(starts, access.lanes, strict=True)]
        found.update(product(*spans))
    return found


def _value(offset: Linear, at: dict[Var, int]) -> int:
    ranges = {v: (x, x) for v, x in at.items()}
    return int(offset.interval(ranges)[0])
