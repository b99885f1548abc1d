"""The interpreter for programs lowered for a device: threads of a block at once, barriers kept.

Between two barriers every thread runs in one go, and in an order that may be chosen: what one
thread needs of another without a barrier between is then missing, or already overwritten, in one
order or another. So a program whose result is the same in every order, on this machine, has no
barrier too few, whatever the device that it is for. What a copy that goes on by itself writes is
unwritten from when it begins until its thread waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from itertools import product
from math import prod
from operator import mul
from random import Random
from typing import Any

import numpy as np

from tvmlab.errors import VerifyError
from tvmlab.ir.axis import BLOCK_AXES, THREAD_AXES, axis_of
from tvmlab.ir.expr import Call
from tvmlab.ir.instruction import is_asynchronous
from tvmlab.ir.interpret import Writer, execute, written
from tvmlab.ir.kernel import is_kernel
from tvmlab.ir.program import Allocate, Barrier, Commit, For, Invoke, Let, Program, Stmt
from tvmlab.ir.shuffle import WARP, is_shuffle
from tvmlab.ir.walk import stmts

Order = str | int
"""`forward`, `backward`, or a number that seeds an order of its own for every stretch."""

Thread = Callable[..., Generator[Any, Any, None]]
"""A thread of a block: takes its place and the memory it shares. It yields the number of a barrier,
or a shuffle: its number, function and arguments, where it is told the result."""


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
        VerifyError: as `interpret`, or threads of one block come to different barriers, or of one
            warp to different shuffles.
    """
    execute(
        program,
        arrays,
        lambda p: written(p, _KernelWriter(), {"run_kernel": _runner(order), "Copies": Copies}),
    )


class Copies:
    """The copies of a thread that go on by themselves, in the groups in which it waits for them."""

    def __init__(self) -> None:
        self._groups: list[list[tuple[list[Any], int, Any]]] = []
        self._begun: list[tuple[list[Any], int, Any]] = []

    def begin(self, memory: list[Any], place: int, value: Any) -> None:
        """Begin to copy a value to `memory[place]`, where nothing is to be found meanwhile."""
        memory[place] = None
        self._begun.append((memory, place, value))

    def commit(self) -> None:
        """What was begun is a group."""
        self._groups.append(self._begun)
        self._begun = []

    def wait(self, pending: int) -> None:
        """All groups but the last `pending` have arrived; if that is none, all that was begun."""
        if not pending:
            self.commit()
        arrived = self._groups[: max(0, len(self._groups) - pending)]
        self._groups = self._groups[len(arrived) :]
        for memory, place, value in (copy for group in arrived for copy in group):
            memory[place] = value


class _KernelWriter(Writer):
    """Writes each kernel as a generator that is one thread."""

    def __init__(self) -> None:
        super().__init__(checked=True)
        self.meetings = 0
        self.is_copying = False

    def stmt(self, s: Stmt, depth: int, nested: int) -> None:
        if is_kernel(s):
            self._kernel(s, depth)
        elif isinstance(s, Barrier):
            self.meetings += 1
            self.line(f"copies.wait({s.pending})", depth)
            self.line(f"yield {self.meetings}", depth)
        elif isinstance(s, Commit):
            self.line("copies.commit()", depth)
        elif isinstance(s, Invoke) and is_asynchronous(s):
            self.is_copying = True
            super().stmt(s, depth, nested)
            self.is_copying = False
        elif isinstance(s, Allocate) and s.buffer.scope == "shared":
            name = self.buffer(s.buffer)
            size = prod(s.buffer.extents)
            self.line(f"{name} = shared.setdefault({name!r}, [None] * {size})", depth)
            self.stmt(s.body, depth, nested)
        else:
            super().stmt(s, depth, nested)

    def assign(self, memory: str, place: str, value: str) -> str:
        plain = super().assign(memory, place, value)
        return f"copies.begin({memory}, {place}, {value})" if self.is_copying else plain

    def let(self, s: Let, depth: int) -> None:
        if not isinstance(s.value, Call) or not is_shuffle(s.value):
            super().let(s, depth)
            return
        self.meetings += 1
        value, which = map(self.expr, s.value.args)
        asked = f"{self.meetings}, {s.value.function!r}, {value}, {which}"
        self.line(f"{self.variable(s.var)} = yield ({asked})", depth)

    def loop(self, s: For, depth: int, nested: int) -> None:
        # A function inside could not wait for the kernel's threads: Python's limit stays.
        super().loop(s, depth, 0 if any(map(_waits, stmts(s.body))) else nested)

    def _kernel(self, s: Stmt, depth: int) -> None:
        extents: dict[str, list[int]] = {"block": [], "thread": []}
        sizes: dict[str, int] = {}
        variables: dict[str, list[str]] = {"block": [], "thread": []}
        while isinstance(s, For) and (axis := axis_of(s)) in (*BLOCK_AXES, *THREAD_AXES):
            assert isinstance(s.extent, int), "a kernel's grid has known extents"
            kind = "block" if axis in BLOCK_AXES else "thread"
            extents[kind].append(s.extent)
            sizes[axis] = s.extent
            variables[kind].append(self.variable(s.var))
            self.extents[s.var] = s.extent
            s = s.body
        thread = self.temporary()
        self.line(f"def {thread}(block, thread, shared):", depth)
        self.line("copies = Copies()", depth + 1)
        for kind, names in variables.items():
            for n, name in enumerate(names):
                self.line(f"{name} = {kind}[{n}]", depth + 1)
        self.stmt(s, depth + 1, 0)
        self.line("return", depth + 1)
        self.line("yield", depth + 1)
        given = f"{extents['block']}, {extents['thread']}, {_steps(sizes)}"
        self.line(f"run_kernel({thread}, {given})", depth)


def _waits(s: Stmt) -> bool:
    """Whether a thread waits for others there."""
    return isinstance(s, Barrier) or (isinstance(s, Let) and is_shuffle(s.value))


def _steps(sizes: Mapping[str, int]) -> list[int]:
    """How far apart the numbers of neighbours along each axis of threads are, in the order of the
    loops."""
    found = {
        axis: prod(sizes.get(faster, 1) for faster in THREAD_AXES[:n])
        for n, axis in enumerate(THREAD_AXES)
    }
    return [found[axis] for axis in sizes if axis in THREAD_AXES]


def _answer(met: Mapping[int, Any], number: int) -> Any:
    """What thread `number`, which waits at a shuffle, is told there.

    Raises:
        VerifyError: threads of its warp are elsewhere, or the one it asks is not there.
    """
    meeting, function, _, which = met[number]
    first = number - number % WARP
    of_warp = [met[n] for n in range(first, first + WARP) if n in met]
    if not all(isinstance(m, tuple) and m[0] == meeting for m in of_warp):
        raise VerifyError(
            "threads of one warp come to different shuffles, or to none while others wait; a "
            "shuffle must not stand where threads go different ways."
        )
    asked = first + ((number % WARP) ^ which if function == "shuffle_xor" else which)
    if not first <= asked < first + WARP or asked not in met:
        raise VerifyError(f"thread {number} asks thread {asked}, which its warp does not have.")
    return met[asked][2]


def _runner(order: Order) -> Callable[[Thread, Sequence[int], Sequence[int], Sequence[int]], None]:
    """What runs all threads of all blocks of a kernel."""
    random = Random(order) if isinstance(order, int) else None

    def arranged(things: Iterable[Any]) -> list[Any]:
        found = list(things)
        if random is not None:
            random.shuffle(found)
        return found[::-1] if order == "backward" else found

    def run_kernel(
        thread: Thread, grid: Sequence[int], block: Sequence[int], steps: Sequence[int]
    ) -> None:
        for place in arranged(product(*map(range, grid))):
            shared: dict[str, list[Any]] = {}
            every = {
                sum(map(mul, at, steps)): thread(place, at, shared)
                for at in product(*map(range, block))
            }
            while every:
                met: dict[int, Any] = {n: next(every[n], 0) for n in arranged(every)}
                while waiting := [n for n in every if isinstance(met[n], tuple)]:
                    told = {n: _answer(met, n) for n in waiting}
                    for n in arranged(waiting):
                        met[n] = _sent(every[n], told[n])
                if len(set(met.values())) > 1:
                    raise VerifyError(
                        "threads of one block come to different barriers, or to none while others "
                        "wait; a barrier must not stand where threads go different ways."
                    )
                every = {n: one for n, one in every.items() if met[n]}

    return run_kernel


def _sent(thread: Generator[Any, Any, None], value: Any) -> Any:
    """Where a thread comes to that was told `value`; 0 if it is done."""
    try:
        return thread.send(value)
    except StopIteration:
        return 0
