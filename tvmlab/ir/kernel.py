"""The kernels of a program lowered for a device: what each launches, takes and does.

In such a program every outermost statement is a kernel, which is a nest of loops bound to the axes
of blocks and threads with nothing between them, a part that runs on the host, or a loop of the host
around such statements, which launches its kernels in each iteration.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count

from tvmlab.ir.axis import BLOCK_AXES, THREAD_AXES, VIRTUAL_AXES, axis_of
from tvmlab.ir.buffer import Buffer, Extent
from tvmlab.ir.expr import Var
from tvmlab.ir.program import Allocate, For, Invoke, Prefetch, Program, Seq, Stmt, Store
from tvmlab.ir.shapes import sizes_of
from tvmlab.ir.size import Size
from tvmlab.ir.walk import exprs_of, loads, map_children, stmts, sub_stmts, variables


@dataclass(frozen=True)
class Kernel:
    """A function that a device runs once for each thread of a grid of blocks.

    Attributes:
        name: of the function.
        axes: the variable that stands for each hardware axis in the body, and its extent.
        params: the buffers that it touches, the caller's and the program's, in their order.
        written: those of them that it writes.
        numbers: the variables of loops around it that it is told at each launch.
        sizes: those that it is told besides.
        body: what one thread does; what is allocated with scope `shared` is there once a block.
    """

    name: str
    axes: dict[str, tuple[Var, Extent]]
    params: tuple[Buffer, ...]
    written: frozenset[Buffer]
    numbers: tuple[Var, ...]
    sizes: tuple[Size, ...]
    body: Stmt

    @property
    def grid(self) -> tuple[Extent, Extent, Extent]:
        """Blocks along x, y and z."""
        x, y, z = (self.axes[a][1] if a in self.axes else 1 for a in BLOCK_AXES)
        return x, y, z

    @property
    def block(self) -> tuple[int, int, int]:
        """Threads of a block along x, y and z."""
        extents = [self.axes[a][1] if a in self.axes else 1 for a in THREAD_AXES]
        x, y, z = (e for e in extents if isinstance(e, int))
        return x, y, z

    @property
    def allocated(self) -> tuple[Buffer, ...]:
        """The buffers that live in the kernel alone."""
        return tuple(s.buffer for s in stmts(self.body) if isinstance(s, Allocate))

    def bytes_of(self, scope: str) -> int:
        """Bytes of what the kernel allocates in `scope`: of a block or a thread, as it may be."""
        return sum(b.size_bytes for b in self.allocated if b.scope == scope)


@dataclass(frozen=True)
class HostPart:
    """What runs on the host between kernels: a program whose parameters are what it touches."""

    program: Program


@dataclass(frozen=True)
class HostLoop:
    """What the host does for each value of `variable` from 0 below `count`."""

    variable: Var
    count: int
    parts: tuple[Kernel | HostPart | HostLoop, ...]


Parts = list[Kernel | HostPart | HostLoop]


def parts_of(program: Program) -> Parts:
    """The kernels, the host's parts and its loops of a program lowered for a device, in order."""
    many = sum(map(is_kernel, outermost(program.body))) > 1
    numbers = {"kernel": count(), "host": count()}

    def name(kind: str) -> str:
        number = next(numbers[kind])
        return f"{program.name}_{kind}{number if many or kind == 'host' else ''}"

    def parts(stmt: Stmt, around: tuple[Var, ...]) -> Parts:
        if isinstance(stmt, Seq):
            return [part for s in stmt.stmts for part in parts(s, around)]
        if is_kernel(stmt):
            return [_kernel(program, name("kernel"), stmt, around)]
        if isinstance(stmt, For) and has_kernels(stmt):
            assert isinstance(stmt.extent, int), "a loop that launches kernels has a known extent"
            inside = tuple(parts(stmt.body, (*around, stmt.var)))
            return [HostLoop(stmt.var, stmt.extent, inside)]
        return [_host(program, name("host"), stmt)]

    return parts(program.body, ())


def kernels_of(program: Program) -> list[Kernel]:
    """The kernels of a program lowered for a device, in order."""

    def kernels(parts: Iterable[Kernel | HostPart | HostLoop]) -> Iterator[Kernel]:
        for part in parts:
            if isinstance(part, Kernel):
                yield part
            elif isinstance(part, HostLoop):
                yield from kernels(part.parts)

    return list(kernels(parts_of(program)))


def outermost(body: Stmt) -> Iterator[Stmt]:
    """The kernels of a program's body and what runs on the host between them, in order, those in
    loops of the host too."""
    if isinstance(body, Seq) or (not is_kernel(body) and has_kernels(body)):
        for stmt in sub_stmts(body):
            yield from outermost(stmt)
    else:
        yield body


def on_kernels(body: Stmt, change: Callable[[Stmt], Stmt]) -> Stmt:
    """A program's body with each of its kernels changed."""
    if is_kernel(body):
        return change(body)
    if isinstance(body, Seq) or has_kernels(body):
        return map_children(body, lambda s: on_kernels(s, change), lambda e: None)
    return body


def has_kernels(stmt: Stmt) -> bool:
    """Whether a statement, which is none itself, launches kernels."""
    return any(is_kernel(s) for s in stmts(stmt))


def is_kernel(stmt: Stmt) -> bool:
    """Whether a statement is a loop over the blocks or threads of a device."""
    return isinstance(stmt, For) and axis_of(stmt) in (*BLOCK_AXES, *THREAD_AXES)


def touched(stmt: Stmt) -> Iterator[tuple[Buffer, bool]]:
    """The buffers that a statement touches, and whether it writes them."""
    for s in stmts(stmt):
        if isinstance(s, Store):
            yield s.buffer, True
        elif isinstance(s, Prefetch):
            yield s.buffer, False
        elif isinstance(s, Invoke):
            yield from ((o.buffer, n == 0) for n, o in enumerate(s.operands))
    yield from ((e.buffer, False) for e in loads(stmt))


def _kernel(program: Program, name: str, stmt: Stmt, around: tuple[Var, ...]) -> Kernel:
    axes: dict[str, tuple[Var, Extent]] = {}
    while isinstance(stmt, For) and (axis := axis_of(stmt)) and axis not in VIRTUAL_AXES:
        axes[axis] = (stmt.var, stmt.extent)
        stmt = stmt.body
    params, written = _params(program, stmt)
    used = {v for s in stmts(stmt) for e in exprs_of(s) for v in variables(e)}
    numbers = tuple(v for v in around if v in used)
    sizes = tuple(size for size in sizes_of(program) if size in used)
    return Kernel(name, axes, params, written, numbers, sizes, stmt)


def _params(program: Program, stmt: Stmt) -> tuple[tuple[Buffer, ...], frozenset[Buffer]]:
    every = list(touched(stmt))
    used = {buffer for buffer, _ in every}
    outer = tuple(b for b in (*program.params, *program.buffers) if b in used)
    return outer, frozenset(buffer for buffer, is_written in every if is_written)


def _host(program: Program, name: str, stmt: Stmt) -> HostPart:
    used, written = _params(program, stmt)
    ordered = [*(b for b in used if b not in written), *(b for b in used if b in written)]
    return HostPart(Program(name, ordered, len(written & set(used)), (), stmt))
