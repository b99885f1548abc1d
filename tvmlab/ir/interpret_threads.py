"""The interpreter for programs lowered for a device: threads of a block at once, barriers kept.

Between two barriers every thread runs in one go, and in an order that may be chosen: what one
thread needs of another without a barrier between is then missing, or already overwritten, in one
order or another. So a program whose result is the same in every order, on this machine, has no
barrier too few, whatever the device that it is for.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from itertools import product
from math import prod
from random import Random
from typing import Any

import numpy as np

from tvmlab.errors import VerifyError
from tvmlab.ir.axis import BLOCK_AXES, THREAD_AXES, axis_of
from tvmlab.ir.interpret import Writer, execute, written
from tvmlab.ir.kernel import is_kernel
from tvmlab.ir.program import Allocate, Barrier, For, Program, Stmt
from tvmlab.ir.walk import stmts

Order = str | int
"""`forward`, `backward`, or a number that seeds an order of its own for every stretch."""

Thread = Callable[..., Generator[int, None, None]]
"""A thread of a block: takes its place and the memory it shares, and yields at barriers."""


def interpret_threads(
    program: Program, arrays: Sequence[np.ndarray], order: Order = "forward"
) -> None:
    """Execute a program lowered for a device; outputs are written in place.

    Args:
        program: kernels and host parts, as `tvmlab.lower.device_pipeline` makes them.
        arrays: one for each parameter.
        order: of the threads of a block between two barriers, and of the blocks.

    Raises:
        UsageError: wrong number, shapes or dtypes of arrays.
        VerifyError: as `interpret`, or threads of one block come to different barriers.
    """
    execute(program, arrays, lambda p: written(p, _KernelWriter(), {"run_kernel": _runner(order)}))


class _KernelWriter(Writer):
    """Writes each kernel as a generator that is one thread."""

    def __init__(self) -> None:
        super().__init__(checked=True)
        self.barriers = 0

    def stmt(self, s: Stmt, depth: int, nested: int) -> None:
        if is_kernel(s):
            self._kernel(s, depth)
        elif isinstance(s, Barrier):
            self.barriers += 1
            self.line(f"yield {self.barriers}", depth)
        elif isinstance(s, Allocate) and s.buffer.scope == "shared":
            name = self.buffer(s.buffer)
            size = prod(s.buffer.extents)
            self.line(f"{name} = shared.setdefault({name!r}, [None] * {size})", depth)
            self.stmt(s.body, depth, nested)
        else:
            super().stmt(s, depth, nested)

    def loop(self, s: For, depth: int, nested: int) -> None:
        # A function inside could not wait for the kernel's threads: Python's limit stays.
        has_barrier = any(isinstance(x, Barrier) for x in stmts(s.body))
        super().loop(s, depth, 0 if has_barrier else nested)

    def _kernel(self, s: Stmt, depth: int) -> None:
        extents: dict[str, list[int]] = {"block": [], "thread": []}
        variables: dict[str, list[str]] = {"block": [], "thread": []}
        while isinstance(s, For) and (axis := axis_of(s)) in (*BLOCK_AXES, *THREAD_AXES):
            assert isinstance(s.extent, int), "a kernel's grid has known extents"
            kind = "block" if axis in BLOCK_AXES else "thread"
            extents[kind].append(s.extent)
            variables[kind].append(self.variable(s.var))
            self.extents[s.var] = s.extent
            s = s.body
        thread = self.temporary()
        self.line(f"def {thread}(block, thread, shared):", depth)
        for kind, names in variables.items():
            for n, name in enumerate(names):
                self.line(f"{name} = {kind}[{n}]", depth + 1)
        self.stmt(s, depth + 1, 0)
        self.line("return", depth + 1)
        self.line("yield", depth + 1)
        self.line(f"run_kernel({thread}, {extents['block']}, {extents['thread']})", depth)


def _runner(order: Order) -> Callable[[Thread, Sequence[int], Sequence[int]], None]:
    """What runs all threads of all blocks of a kernel."""
    random = Random(order) if isinstance(order, int) else None

    def arranged(things: Iterable[Any]) -> list[Any]:
        found = list(things)
        if random is not None:
            random.shuffle(found)
        return found[::-1] if order == "backward" else found

    def run_kernel(thread: Thread, grid: Sequence[int], block: Sequence[int]) -> None:
        for place in arranged(product(*map(range, grid))):
            shared: dict[str, list[Any]] = {}
            every = [thread(place, at, shared) for at in product(*map(range, block))]
            while every:
                met = {at: next(at, 0) for at in arranged(every)}
                if len(set(met.values())) > 1:
                    raise VerifyError(
                        "threads of one block come to different barriers, or to none while others "
                        "wait; a barrier must not stand where threads go different ways."
                    )
                every = [at for at in every if met[at]]

    return run_kernel
