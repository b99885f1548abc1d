"""A program lowered for a device as text: the plan of the host, helpers, and the kernels.

With line numbers of the scheduled program, each line of a kernel ends in a mark, `//@12`, that
`linked_lines` reads off again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from tvmlab.arith import Interval
from tvmlab.arith.simplify import extent_range
from tvmlab.errors import TargetError
from tvmlab.ir.axis import THREAD_AXES
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Var
from tvmlab.ir.kernel import HostLoop, HostPart, Kernel, parts_of
from tvmlab.ir.program import Allocate, Barrier, Program
from tvmlab.ir.shapes import sizes_of
from tvmlab.ir.walk import exprs, exprs_of, stmts
from tvmlab.targets.cfamily.dialect import KEYWORDS, Dialect
from tvmlab.targets.cfamily.names import Names
from tvmlab.targets.cfamily.plan import HostCall, Launch, Plan, Repeat, Step, Workspace
from tvmlab.targets.cfamily.statements import Line, Statements
from tvmlab.targets.cfamily.values import size_range

Lines = Mapping[Var | str, int]
_MARK = re.compile(r" *//@(\d+)$")

HostText = Callable[[Program], str]
"""Prints a host part, for the target that runs it."""


def emit(
    program: Program,
    dialect: Dialect,
    host: tuple[str, HostText],
    lines: Lines | None = None,
) -> str:
    """The text of a program that `tvmlab.lower.device_pipeline` lowered.

    Args:
        program: kernels and host parts.
        dialect: the language.
        host: the name of the target that runs host parts, and what prints them for it.
        lines: line numbers of loops (by variable) and blocks (by name) in the printed scheduled
            program; with them lines are marked with where they come from.

    Raises:
        TargetError: the language lacks a dtype, or sizes are where they cannot be.
    """
    sizes = sizes_of(program)
    _require_known(program, dialect)
    module = Names({*KEYWORDS, *dialect.reserved}, {})
    known: dict[Buffer | Var, str] = {b: module.of(b) for b in (*program.params, *program.buffers)}
    printed: list[Line] = []
    helpers: dict[str, str] = {}
    kernels: list[Kernel] = []
    known.update({size: module.of(size) for size in sizes})
    ranges: dict[Var, Interval] = {size: size_range(size.low, size.high) for size in sizes}

    def step(part: Kernel | HostPart | HostLoop) -> Step:
        if isinstance(part, HostPart):
            return _host_call(part, known, host)
        if isinstance(part, HostLoop):
            known[part.variable] = module.of(part.variable)
            ranges[part.variable] = (0, part.count - 1)
            inside = tuple(map(step, part.parts))
            return Repeat(known[part.variable], part.count, inside)
        kernels.append(part)
        name = module.fresh(part.name)
        body, used = _kernel(part, name, dialect, known, ranges, lines)
        printed.extend([("", 0), *body])
        helpers.update(used)
        return _launch(part, name, known)

    steps = tuple(map(step, parts_of(program)))
    workspaces = tuple(Workspace(known[b], b.dtype, b.shape) for b in program.buffers)
    plan = Plan(tuple(known[b] for b in program.params), workspaces, steps, sizes)
    used_dtypes = _dtypes(kernels)
    head = [*plan.head(), "", *dialect.preamble(used_dtypes, kernels), *helpers.values()]
    text = [*head, *(_marked(line, lines is not None) for line in printed), "", *plan.tail()]
    return "\n".join(text).rstrip() + "\n"


def linked_lines(text: str) -> list[Line]:
    """The lines of printed kernels without their marks, each with the line it comes from."""
    found = []
    for line in text.splitlines():
        mark = _MARK.search(line)
        found.append((_MARK.sub("", line), int(mark[1]) if mark else 0))
    return found


def _marked(line: Line, marks: bool) -> str:
    text, number = line
    return f"{text}  //@{number}" if marks and number and not text.startswith("#") else text


def _launch(kernel: Kernel, name: str, known: Mapping[Buffer | Var, str]) -> Launch:
    arguments = tuple(known[b] for b in kernel.params)
    written = tuple(known[b] for b in kernel.params if b in kernel.written)
    numbers = tuple(known[v] for v in kernel.numbers)
    shared_bytes, sizes = kernel.bytes_of("shared"), tuple(known[s] for s in kernel.sizes)
    return Launch(name, kernel.grid, kernel.block, arguments, written, shared_bytes, numbers, sizes)


def _host_call(
    part: HostPart, known: Mapping[Buffer | Var, str], host: tuple[str, HostText]
) -> HostCall:
    target, print_for_host = host
    program = part.program
    arguments = tuple(known[b] for b in program.params)
    return HostCall(program.name, target, arguments, program.outputs, print_for_host(program))


def _kernel(
    kernel: Kernel,
    name: str,
    dialect: Dialect,
    known: Mapping[Buffer | Var, str],
    around: Mapping[Var, Interval],
    lines: Lines | None,
) -> tuple[list[Line], dict[str, str]]:
    """The lines of a kernel inside loops of the host, and the helpers that it calls."""
    names = Names({*KEYWORDS, *dialect.reserved, name}, dict(known))
    ranges = dict(around)
    ranges.update({var: extent_range(extent, ranges) for var, extent in kernel.axes.values()})
    printer = Statements(dialect, names, ranges, lines or {}, _apart(kernel, dialect))
    parameters = [dialect.pointer(b.dtype, b in kernel.written, known[b]) for b in kernel.params]
    parameters += [f"const int {known[v]}" for v in kernel.numbers]
    parameters += [f"const {dialect.type_of(INDEX)} {known[v]}" for v in kernel.sizes]
    for line in dialect.kernel_head(kernel, name, parameters).splitlines():
        printer.put(0, line)
    for axis, (var, _) in kernel.axes.items():
        printer.axis(axis, var)
    printer.stmt(kernel.body, 1)
    printer.leave()
    return printer.lines, printer.values.helpers


def _require_known(program: Program, dialect: Dialect) -> None:
    """Raise TargetError where a size is in what must be known before a call: parts of the host, and
    memory of blocks and threads."""
    for part in parts_of(program) if sizes_of(program) else ():
        unknown = (
            [b.name for b in part.allocated if not all(isinstance(e, int) for e in b.shape)]
            if isinstance(part, Kernel)
            else []
        )
        if unknown or not isinstance(part, Kernel):
            what = f"{unknown[0]} is memory of a kernel" if unknown else "a part runs on the host"
            raise TargetError(
                f"Emitting for target {dialect.name} stopped at {program.name}: its shapes are "
                f"over sizes, and {what}; t.specialise(schedule, ...) gives them values."
            )


def _apart(kernel: Kernel, dialect: Dialect) -> frozenset[Var]:
    """The threads' numbers, if conditions on them are to be hidden."""
    waits = any(isinstance(s, Barrier) for s in stmts(kernel.body))
    if not waits or not dialect.hidden[0]:
        return frozenset()
    return frozenset(var for axis, (var, _) in kernel.axes.items() if axis in THREAD_AXES)


def _dtypes(kernels: list[Kernel]) -> frozenset[str]:
    """The dtypes that kernels calculate with or keep."""
    found: set[str] = set()
    for kernel in kernels:
        found |= {b.dtype for b in kernel.params}
        for s in stmts(kernel.body):
            found |= {e.dtype for x in exprs_of(s) for e in exprs(x)}
            if isinstance(s, Allocate):
                found.add(s.buffer.dtype)
    return frozenset(found)
