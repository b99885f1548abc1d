"""A lowered program as LLVM IR text: vectors, unrolled tiles and registers explicit in it.

The function printed takes a launcher of parallel loops, a pointer to each parameter, and one to
each intermediate buffer of the program, 64-byte aligned:

    define void @C(ptr %launch, ptr noalias %A, ptr noalias %B, ptr noalias %C, ptr noalias %tmp)

and after them, as i64, the value of each size of the program, in the order of `sizes_of`.
`launch(body, closure, count, static)` runs `body(closure, begin, end)` over disjoint, non-empty
chunks of [0, count) and returns when all are done; `static`, an i64, is 1 where each thread is to
have one even share. Bools are bytes, 0 or 1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from math import inf

from tvmlab.analysis.numbers import numbers
from tvmlab.arith import Interval
from tvmlab.arith.polynomial import Reach
from tvmlab.arith.simplify import extent_range
from tvmlab.errors import TargetError
from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.expr import Var
from tvmlab.ir.program import For, Let, Program, Stmt, Store
from tvmlab.ir.shapes import is_over_sizes, sizes_of
from tvmlab.ir.walk import exprs, exprs_of, stmts, sub_stmts
from tvmlab.targets.cpu.emit_context import Context, Machine
from tvmlab.targets.cpu.emit_module import Module
from tvmlab.targets.cpu.emit_parallel import fork
from tvmlab.targets.cpu.emit_statement import extent_of, statement
from tvmlab.targets.cpu.emit_streams import fence
from tvmlab.targets.cpu.emit_text import FunctionText
from tvmlab.targets.cpu.emit_types import computed_in
from tvmlab.targets.cpu.emit_value import value

WORKSPACE_ALIGNMENT_BYTES = 64


def emit(
    program: Program, machine: Machine, *, lines: Mapping[Var | str, int] | None = None
) -> str:
    """LLVM IR text of a lowered program.

    Args:
        program: without blocks, as `tvmlab.lower.lower` makes it.
        machine: what to print for.
        lines: line numbers of loops (by variable) and blocks (by name) in the printed scheduled
            program; with them, assembly tells the line each instruction came from.

    Raises:
        TargetError: an extent is neither a number nor over sizes, or the program is not lowered.
    """
    _check_shapes(program)
    module = Module(program.name, machine, lines)
    text = FunctionText(module)
    at = module.function_location(program.name)
    text.location = at.suffix
    lanes = machine.vector_bits // (8 * _widest_bytes(program.body))
    stored, known = _stored_buffers(program.body), numbers(program.body)
    cx = Context(text, machine, max(lanes, 2), value, stored, known, at.locations)
    cx.fork = partial(fork, module=module, program=program.body)
    cx.ranges = _loop_ranges(program.body)
    for buffer in program.params:
        cx.pointers[buffer] = (module.pointer_name(buffer), dtypes.size_bytes(buffer.dtype))
    for buffer in program.buffers:
        cx.pointers[buffer] = (module.pointer_name(buffer), WORKSPACE_ALIGNMENT_BYTES)
    for size in sizes_of(program):
        cx.variables[size] = text.define(f"%{text.fresh(size.name)}")
    sizes = [f"i64 {name}" for name in cx.variables.values()]
    statement(cx, program.body)
    fence(cx, program.body)
    text.line("ret void")
    parameters = [f"ptr noalias align {a} {p}" for p, a in cx.pointers.values()] + sizes
    header = f"define void @{_symbol(program.name)}({', '.join(['ptr %launch', *parameters])}) "
    module.functions.insert(
        0, [f"{header}{module.attributes}{at.subprogram} {{", "entry:", *text.lines(), "}"]
    )
    return module.text()


def _symbol(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_][\w.]*", name, re.ASCII) else f'"{name}"'


def _check_shapes(program: Program) -> None:
    for buffer in (*program.params, *program.buffers):
        if not all(map(is_over_sizes, buffer.shape)):
            raise TargetError(
                f"Emitting for target cpu stopped at {buffer.name!r}, whose shape is symbolic; "
                "give every extent a number."
            )


def _loop_ranges(body: Stmt) -> dict[Var, Interval]:
    """The values of each loop variable in any of its loops: a tail's is shorter than its tile's."""
    ranges: dict[Var, Interval] = {}
    for s in stmts(body):
        if isinstance(s, For):
            own, before = extent_range(extent_of(s), {}), ranges.get(s.var)
            if isinstance(own, Reach) and before is not None:
                own = (0, inf)
            ranges[s.var] = own if before is None else (0, max(own[1], before[1]))
    return ranges


def _widest_bytes(body: Stmt) -> int:
    """Bytes of the widest element that vector statements calculate with."""
    widest = 0
    for s in stmts(body):
        if isinstance(s, (Store, Let)) and any(e.lanes > 1 for e in exprs_of(s)):
            own = s.buffer if isinstance(s, Store) else s.var
            kinds = {own.dtype, *[e.dtype for e in exprs(s.value) if e.dtype != "bool"]}
            for dtype in kinds - {dtypes.INDEX}:
                size = dtypes.size_bytes(computed_in(dtype))
                widest = max(widest, size)
    return widest or 4


def _stored_buffers(body: Stmt) -> dict[int, frozenset[Buffer]]:
    """For each statement, the buffers stored to in it and below it."""
    found: dict[int, frozenset[Buffer]] = {}

    def visit(s: Stmt) -> frozenset[Buffer]:
        below = [visit(x) for x in sub_stmts(s)]
        own = {s.buffer} if isinstance(s, Store) else set()
        found[id(s)] = frozenset(own).union(*below)
        return found[id(s)]

    visit(body)
    return found
