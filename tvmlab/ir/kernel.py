"""The kernels of a program lowered for a device: what each launches, takes and does.

In such a program every outermost statement is either a kernel, which is a nest of loops bound to
the axes of blocks and threads with nothing between them, or a part that runs on the host.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tvmlab.ir.axis import BLOCK_AXES, THREAD_AXES, VIRTUAL_AXES, axis_of
from tvmlab.ir.buffer import Buffer, Extent
from tvmlab.ir.expr import Var
from tvmlab.ir.program import Allocate, For, Invoke, Prefetch, Program, Seq, Stmt, Store
from tvmlab.ir.walk import loads, stmts


@dataclass(frozen=True)
class Kernel:
    """A function that a device runs once for each thread of a grid of blocks.

    Attributes:
        name: of the function.
        axes: the variable that stands for each hardware axis in the body, and its extent.
        params: the buffers that it touches, the caller's and the program's, in their order.
        written: those of them that it writes.
        body: what one thread does; what is allocated with scope `shared` is there once a block.
    """

    name: str
    axes: dict[str, tuple[Var, Extent]]
    params: tuple[Buffer, ...]
    written: frozenset[Buffer]
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


def parts_of(program: Program) -> list[Kernel | HostPart]:
    """The kernels and the host's parts of a program lowered for a device, in order."""
    body = program.body.stmts if isinstance(program.body, Seq) else (program.body,)
    found: list[Kernel | HostPart] = []
    kernels = hosts = 0
    many = sum(map(is_kernel, body)) > 1
    for stmt in body:
        if is_kernel(stmt):
            name = f"{program.name}_kernel{kernels if many else ''}"
            found.append(_kernel(program, name, stmt))
            kernels += 1
        else:
            found.append(_host(program, f"{program.name}_host{hosts}", stmt))
            hosts += 1
    return found


def kernels_of(program: Program) -> list[Kernel]:
    """The kernels of a program lowered for a device, in order."""
    return [part for part in parts_of(program) if isinstance(part, Kernel)]


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


def _kernel(program: Program, name: str, stmt: Stmt) -> Kernel:
    axes: dict[str, tuple[Var, Extent]] = {}
    while isinstance(stmt, For) and (axis := axis_of(stmt)) and axis not in VIRTUAL_AXES:
        axes[axis] = (stmt.var, stmt.extent)
        stmt = stmt.body
    params, written = _params(program, stmt)
    return Kernel(name, axes, params, written, stmt)


def _params(program: Program, stmt: Stmt) -> tuple[tuple[Buffer, ...], frozenset[Buffer]]:
    every = list(touched(stmt))
    used = {buffer for buffer, _ in every}
    outer = tuple(b for b in (*program.params, *program.buffers) if b in used)
    return outer, frozenset(buffer for buffer, is_written in every if is_written)


def _host(program: Program, name: str, stmt: Stmt) -> HostPart:
    used, written = _params(program, stmt)
    ordered = [*(b for b in used if b not in written), *(b for b in used if b in written)]
    return HostPart(Program(name, ordered, len(written & set(used)), (), stmt))
