"""The loads and stores of kernels: which memory each goes to, and what is around it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tvmlab.analysis.accesses import Access, Limit, accesses
from tvmlab.analysis.launch import Launch, launches
from tvmlab.arith.simplify import simplify
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.equality import expr_key
from tvmlab.ir.expr import Const, Expr, Var
from tvmlab.ir.program import For, Invoke, Program
from tvmlab.ir.walk import blocks, stmts, substitute, variables

GLOBAL, SHARED, REGISTERS = "global", "shared", "registers"

WRITTEN_OUT = 256
"""Iterations of a nest up to which compilers are taken to write it out, and to load once what
several of them load."""


class KernelAccess(NamedTuple):
    """A load or store inside a kernel.

    Attributes:
        access: what is touched, over loops alone.
        launch: the geometry of the kernel.
        memory: `global`, `shared` or `registers`, where a thread keeps what is its own.
        instruction: the hardware instruction that makes it together for a warp; empty where each
            thread makes its own.
        kept: names of the loops through which a register holds the element, so that it is loaded
            once before them, or of a fold stored once after them. `access` is without these loops.
    """

    access: Access
    launch: Launch
    memory: str
    instruction: str
    kept: tuple[str, ...]

    @property
    def name(self) -> str:
        """What is done to which buffer: `load A`."""
        return f"{'store' if self.access.is_write else 'load'} {self.access.buffer.name}"


def kernel_accesses(program: Program) -> list[KernelAccess]:
    """The accesses of every kernel of a scheduled program, in order.

    What compilers see to is taken as done: an element that one statement loads twice is loaded
    once, what a fold adds to stays in a register until its loops are over, and a load that loops do
    not move is made before them, where they are innermost or short enough to be written out.
    """
    by_kernel = {launch.kernel: launch for launch in launches(program)}
    spelled, folds = _spelled(program), _folds(program)
    found: dict[object, KernelAccess] = {}
    for access in accesses(program.body):
        launch = next((by_kernel[o] for o in access.loops if o in by_kernel), None)
        if launch is None:
            continue
        name = next((spelled[o] for o in access.loops if o in spelled), "")
        fold = folds.get(access.block)
        kept: tuple[str, ...] = ()
        if fold is not None and access.buffer in fold.buffers and not name:
            if fold.begins and not access.is_write:
                continue
            access, kept = _after(access, fold.loops)
        elif not access.is_write and not name:
            access, kept = _before(access)
        key = (
            access.buffer,
            access.is_write,
            access.loops,
            tuple(expr_key(index) for index in access.indices),
            tuple((expr_key(limit.condition), limit.holds) for limit in access.limits),
        )
        what = KernelAccess(access, launch, memory_of(access.buffer), name, kept)
        found.setdefault(key, what)
    return list(found.values())


def memory_of(buffer: Buffer) -> str:
    """Where a kernel keeps a buffer."""
    if buffer.scope in ("local", "register", "warp"):
        return REGISTERS
    return SHARED if buffer.scope == SHARED else GLOBAL


class _Fold(NamedTuple):
    """A block that folds: what it adds to, over which loops, whether it sets the first value."""

    buffers: frozenset[Buffer]
    loops: frozenset[Var]
    begins: bool


def _folds(program: Program) -> dict[str, _Fold]:
    found: dict[str, _Fold] = {}
    for block in blocks(program.body):
        pairs = zip(block.iters, block.bindings, strict=True)
        loops = frozenset(v for it, b in pairs if it.is_reduce for v in variables(b))
        if loops:
            buffers = frozenset(region.buffer for region in block.writes)
            found[block.name] = _Fold(buffers, loops, block.init is not None)
    return found


def _after(access: Access, folded: frozenset[Var]) -> tuple[Access, tuple[str, ...]]:
    """An access as it is made once after the loops of a fold, and the names of these loops.

    Loops that move the element are no part of it.
    """
    moving = {v for index in access.indices for v in variables(index)}
    kept = [o for o in access.loops if o.var in folded - moving and o.kind != "bound"]
    first: dict[Var, Expr] = {o.var: Const(0, INDEX) for o in kept}
    limits = (Limit(simplify(substitute(x.condition, first)), x.holds) for x in access.limits)
    left = tuple(x for x in limits if not _is_settled(x))
    loops = tuple(o for o in access.loops if o not in kept)
    return access._replace(loops=loops, limits=left), tuple(o.var.name for o in kept)


def _before(access: Access) -> tuple[Access, tuple[str, ...]]:
    """A load as it is made once before the loops that do not move it, and the names of these."""
    exprs = (*access.indices, *(limit.condition for limit in access.limits))
    moving = {v for e in exprs for v in variables(e)}
    kept: list[For] = []
    iterations, is_innermost = 1, True
    for loop in reversed(access.loops):
        if loop.kind == "bound" or not isinstance(loop.extent, int):
            break
        iterations *= loop.extent
        if loop.var in moving:
            is_innermost = False
        elif is_innermost or iterations <= WRITTEN_OUT:
            kept.insert(0, loop)
    loops = tuple(o for o in access.loops if o not in kept)
    return access._replace(loops=loops), tuple(o.var.name for o in kept)


def _is_settled(limit: Limit) -> bool:
    condition = limit.condition
    return isinstance(condition, Const) and bool(condition.value) == limit.holds


def _spelled(program: Program) -> dict[For, str]:
    """The loops that spell instructions out, with the instruction's name."""

    def pairs() -> Iterator[tuple[For, str]]:
        for stmt in stmts(program.body):
            if isinstance(stmt, Invoke):
                for inner in stmts(stmt.body):
                    if isinstance(inner, For):
                        yield inner, stmt.name

    return dict(pairs())
