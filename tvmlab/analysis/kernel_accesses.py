"""The loads and stores of kernels: which memory each goes to, and what is around it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tvmlab.analysis.accesses import Access, accesses
from tvmlab.analysis.launch import Launch, launches
from tvmlab.arith.pitch import padded_shape
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.equality import expr_key
from tvmlab.ir.program import For, Invoke, Program
from tvmlab.ir.walk import stmts

GLOBAL, SHARED, REGISTERS = "global", "shared", "registers"


class KernelAccess(NamedTuple):
    """A load or store inside a kernel.

    Attributes:
        access: what is touched, over loops alone.
        launch: the geometry of the kernel.
        memory: `global`, `shared` or `registers`, where a thread keeps what is its own.
        instruction: the hardware instruction that makes it together for a warp; empty where each
            thread makes its own.
    """

    access: Access
    launch: Launch
    memory: str
    instruction: str

    @property
    def serial(self) -> tuple[For, ...]:
        """The loops around it that a thread goes through by itself, outermost first."""
        return tuple(o for o in self.access.loops if o.kind != "bound")

    @property
    def name(self) -> str:
        """What is done to what, as in the program: `load A[vk, vy]` has its buffer alone here."""
        return f"{'store' if self.access.is_write else 'load'} {self.access.buffer.name}"


def kernel_accesses(program: Program) -> list[KernelAccess]:
    """The accesses of every kernel of a scheduled program, in order; the same element loaded twice
    by one statement counts once, as compilers see to it."""
    by_kernel = {launch.kernel: launch for launch in launches(program)}
    spelled = _spelled(program)
    found: list[KernelAccess] = []
    met: set[object] = set()
    for access in accesses(program.body):
        launch = next((by_kernel[o] for o in access.loops if o in by_kernel), None)
        key = (
            access.buffer,
            access.is_write,
            access.loops,
            tuple(expr_key(index) for index in access.indices),
            tuple((expr_key(limit.condition), limit.holds) for limit in access.limits),
        )
        if launch is not None and key not in met:
            met.add(key)
            name = next((spelled[o] for o in access.loops if o in spelled), "")
            found.append(KernelAccess(access, launch, memory_of(access.buffer), name))
    return found


def memory_of(buffer: Buffer) -> str:
    """Where a kernel keeps a buffer."""
    if buffer.scope in ("local", "register", "warp"):
        return REGISTERS
    return SHARED if buffer.scope == SHARED else GLOBAL


def pitches(buffer: Buffer) -> tuple[int, ...]:
    """Elements between neighbours along each dimension, as far apart as alignments ask for."""
    padded = buffer.replace(shape=padded_shape(buffer)).strides()
    return tuple(s for s in padded if isinstance(s, int))


def _spelled(program: Program) -> dict[For, str]:
    """The loops that spell instructions out, with the instruction's name."""

    def pairs() -> Iterator[tuple[For, str]]:
        for stmt in stmts(program.body):
            if isinstance(stmt, Invoke):
                for inner in stmts(stmt.body):
                    if isinstance(inner, For):
                        yield inner, stmt.name

    return dict(pairs())
