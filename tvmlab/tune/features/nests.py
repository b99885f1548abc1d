"""The statements of many programs as arrays, and what follows from them for all at once.

Axes of the arrays: n programs, S statements (those with the most work first), A accesses (what is
written first), D dimensions, L loops (innermost first), each as many as any of the programs has,
statements and accesses up to a number. Where a program has fewer, extents are 1, and everything
else is 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tvmlab.analysis.kernel_accesses import GLOBAL, REGISTERS, SHARED, memory_of
from tvmlab.analysis.launch import WARP
from tvmlab.ir import dtypes
from tvmlab.ir.axis import AXES
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.expr import Var
from tvmlab.ir.program import LOOP_KINDS
from tvmlab.ir.swizzle import swizzle_of
from tvmlab.tune.features.digits import Lanes
from tvmlab.tune.features.operations import OPERATIONS
from tvmlab.tune.features.statement import Access, Reading, Statement

STATEMENTS = 3
"""So many statements of a program have columns of their own: a product and the copies of both its
operands."""

ACCESSES = 4
"""So many accesses of a statement: an accumulator, both operands and a mask or a bias."""

MEMORIES = (GLOBAL, SHARED, REGISTERS)
"""Where accesses go; on a CPU all of them are one."""

FARTHEST = 1 << 40
"""Elements of a dimension where nothing bounds them but memory."""


@dataclass(frozen=True)
class Nests:
    """Statements as arrays of float64; see the module's text for the axes.

    Attributes:
        extents: (n, S, L) iterations.
        kinds: (n, S, L) the place in `LOOP_KINDS`, from 1; 0 where there is no loop.
        positions: (n, S, L) the place in `POSITIONS`, from 1; 0 where there is no loop.
        threads: (n, S, L) the place in `AXES` of the hardware axis, from 1; 0 where there is none.
        operations: (n, S, OPERATIONS) of one execution.
        is_there: (n, S) 1 where there is such a statement, else 0.
        leads: (n, S) iterations of a pipelined loop that a statement runs ahead of the last touch.
        asynchronous: (n, S) 1 where an instruction does it that goes on by itself, else 0.
        kept: (n, S) the share of executions that predicates let through; 0 where there is no
            statement.
        kernels: (n, S) which kernel a statement is in, from 1; 0 for none. A kernel is told by the
            outermost loop bound to an axis, of those of several iterations.
        totals: (n, 2) statements of the program, and the work of all of them.
        steps: (n, S, A, D, L) how far an iteration moves an index, in elements.
        own_steps: (n, S, A, D, L) the same without quotients and remainders of loops, whose steps
            are averages.
        digits: (n, S, A, D, WARP + 1) what these are at the lanes of the first warp, and how far
            the first lane's vector moves them; 0 where nothing is bound to threads.
        spans: (n, S, A, D) how far apart their values are.
        widths: (n, S, A, D) indices touched in one iteration of all loops.
        limits: (n, S, A, D) indices touched at most.
        strides: (n, S, A, D) elements between neighbours along a dimension.
        element_bytes: (n, S, A) of an element; 0 where there is no such access.
        reads, writes: (n, S, A) 0 or 1.
        memories: (n, S, A) the place in `MEMORIES`, from 1; 0 where there is no such access.
        apart: (n, S, A, D, 2) factor and offset of the distance of neighbours along a dimension,
            where an alignment asks for one; else 0.
        swizzles: (n, S, A, D) along columns of rows that are swizzled in shared memory, how many
            neighbours stay together; else 0.
        meeting: (n, S, A) from the innermost, the first loop in which another statement touches
            the buffer as well; L where there is none.
        scratch_bytes: (n, S) of the intermediate that the statement writes; 0 for a parameter.
        scratch_loop: (n, S) from the innermost, the first loop around all its uses; L where there
            is none.
    """

    extents: np.ndarray
    kinds: np.ndarray
    positions: np.ndarray
    threads: np.ndarray
    operations: np.ndarray
    is_there: np.ndarray
    leads: np.ndarray
    asynchronous: np.ndarray
    kept: np.ndarray
    kernels: np.ndarray
    totals: np.ndarray
    steps: np.ndarray
    own_steps: np.ndarray
    digits: np.ndarray
    spans: np.ndarray
    widths: np.ndarray
    limits: np.ndarray
    strides: np.ndarray
    element_bytes: np.ndarray
    reads: np.ndarray
    writes: np.ndarray
    memories: np.ndarray
    apart: np.ndarray
    swizzles: np.ndarray
    meeting: np.ndarray
    scratch_bytes: np.ndarray
    scratch_loop: np.ndarray

    @cached_property
    def inner(self) -> np.ndarray:
        """(n, S, L) iterations of a loop and all inside it."""
        inner: np.ndarray = np.cumprod(self.extents, axis=-1)
        return inner

    @cached_property
    def executions(self) -> np.ndarray:
        """(n, S) executions of a statement."""
        executions: np.ndarray = np.prod(self.extents, axis=-1)
        return executions

    @cached_property
    def outer(self) -> np.ndarray:
        """(n, S, L) iterations of a loop and all around it."""
        outer: np.ndarray = self.executions[..., None] / self.inner * self.extents
        return outer

    @cached_property
    def scratch_outer(self) -> np.ndarray:
        """(n, S) iterations of the loops around all uses of what the statement writes."""
        is_around = np.arange(self.extents.shape[-1]) >= self.scratch_loop[..., None]
        outer: np.ndarray = np.where(is_around, self.extents, 1.0).prod(axis=-1)
        return outer * (self.scratch_bytes > 0)

    @cached_property
    def moves(self) -> np.ndarray:
        """(n, S, A, L) whether a loop moves an access."""
        moves: np.ndarray = (self.steps != 0).any(axis=3)
        return moves

    @cached_property
    def counts(self) -> np.ndarray:
        """(n, S, A, L) the product of the loops from the innermost up to this that move it."""
        counts: np.ndarray = np.cumprod(
            np.where(self.moves, self.extents[:, :, None], 1.0), axis=-1
        )
        return counts

    @cached_property
    def reuses(self) -> np.ndarray:
        """(n, S, A, L) the product of the loops up to this that do not move it."""
        reuses: np.ndarray = np.cumprod(
            np.where(self.moves, 1.0, self.extents[:, :, None]), axis=-1
        )
        return reuses

    @cached_property
    def jumps(self) -> np.ndarray:
        """(n, S, A, L) elements of memory from one iteration of a loop to the next."""
        jumps: np.ndarray = np.einsum("nsadl,nsad->nsal", self.steps, self.strides)
        return jumps

    @cached_property
    def regions(self) -> np.ndarray:
        """(n, S, A, L) different elements that a loop and all inside it touch, as a box."""
        reach = np.abs(self.steps) * (self.extents[:, :, None, None] - 1)
        spans = self.widths[..., None] + np.cumsum(reach, axis=-1)
        box = np.minimum(spans, self.limits[..., None]).prod(axis=3)
        regions: np.ndarray = box * (self.element_bytes > 0)[..., None]
        return regions

    @cached_property
    def touched_bytes(self) -> np.ndarray:
        """(n, S, L) of all different elements that a loop and all inside it touch."""
        touched: np.ndarray = np.einsum("nsal,nsa->nsl", self.regions, self.element_bytes)
        return touched


def nests_of(readings: Sequence[Reading], most: int = STATEMENTS) -> Nests:
    """Programs, as they were read, as arrays, with up to `most` statements each."""
    kept = [reading.statements[:most] for reading in readings]
    most = max([1, *map(len, kept)])
    touched = [a for each in kept for s in each for a in s.accesses[:ACCESSES]]
    rows = _Rows(
        loops=max([1, *(len(s.axes) for each in kept for s in each)]),
        rank=max([1, *(len(access.lines) for access in touched)]),
    )
    for reading, each in zip(readings, kept, strict=True):
        sharing = reading.shared_loops()
        kernels: dict[Var, int] = {}
        for statement in each:
            rows.add(statement, sharing, reading.scratch, kernels)
        rows.skip(most - len(each))
    totals = [(len(r.statements), sum(s.work for s in r.statements)) for r in readings]
    return rows.arrays((len(readings), most), totals)


class _Rows:
    """The arrays of `Nests` while they are lists, to which statement after statement is added:
    one call of NumPy for an array costs a tenth of one for each of its parts."""

    def __init__(self, loops: int, rank: int) -> None:
        self._loops = loops
        self._rank = rank
        self._axes: list[list[tuple[int, int, int, int]]] = []
        self._operations: list[tuple[int, ...]] = []
        self._lines: list[list[float]] = []
        self._accesses: list[tuple[int, int, int, int, int]] = []
        self._digits: dict[int, tuple[tuple[float, ...], np.ndarray, int]] = {}
        self._others: list[tuple[float, ...]] = []

    def skip(self, statements: int) -> None:
        """Leave room for statements that there are not."""
        for _ in range(statements):
            self._axes.append([NO_AXIS] * self._loops)
            self._operations.append((0,) * len(OPERATIONS))
            self._others.append((0, 0, self._loops, 0, 0, 0, 0))
            self._skip_accesses(ACCESSES)

    def add(
        self,
        statement: Statement,
        sharing: Mapping[Buffer, list[tuple[Var, ...]]],
        scratch: Sequence[Buffer],
        kernels: dict[Var, int],
    ) -> None:
        """Take in a statement of a program with these buffers.

        Args:
            kernels: outermost loop -> its kernel's number, to which those met first are added.
        """
        axes = statement.axes
        facts = [
            (a.extent, LOOP_KINDS.index(a.kind) + 1, a.position + 1, _AXIS_NUMBER[a.thread])
            for a in axes
        ]
        self._axes.append(facts + [NO_AXIS] * (self._loops - len(axes)))
        self._operations.append(statement.operations)
        around = tuple([axis.var for axis in reversed(axes)])
        lanes = Lanes(axes) if any(axis.thread for axis in axes) else None
        for access in statement.accesses[:ACCESSES]:
            others = list(sharing[access.buffer])
            others.remove(around)
            shared = max([_common(around, loops) for loops in others], default=0)
            meeting = len(axes) - shared if shared else self._loops
            width = dtypes.size_bytes(access.buffer.dtype)
            memory = MEMORIES.index(memory_of(access.buffer)) + 1
            self._accesses.append((width, access.is_read, access.is_write, meeting, memory))
            self._add_lines(access, lanes)
        self._skip_accesses(ACCESSES - len(statement.accesses))
        written = statement.accesses[0].buffer
        shared = min([_common(around, loops) for loops in sharing[written]])
        size = written.size_bytes if written in scratch else 0
        bound = next((axis.var for axis in reversed(axes) if axis.thread), None)
        kernel = 0 if bound is None else kernels.setdefault(bound, len(kernels) + 1)
        at = len(axes) - shared if shared else self._loops
        ahead = statement.lead, statement.is_asynchronous
        self._others.append((1, size, at, kernel, *ahead, statement.kept))

    def _add_lines(self, access: Access, lanes: Lanes | None) -> None:
        strides, asked = access.buffer.strides(), dict.fromkeys(range(self._rank), (0, 0))
        asked |= {a.axis: (a.factor, a.offset) for a in access.buffer.alignments}
        dimensions = zip(access.lines, access.buffer.shape, strides, strict=True)
        column = len(strides) - 1 if swizzle_of(access.buffer) is not None else -1
        for d, (line, whole, stride) in enumerate(dimensions):
            limit = float(whole) if isinstance(whole, int) else FARTHEST
            width = limit if line.is_data else line.last - line.first + 1
            apart = stride if isinstance(stride, int) else 0
            rest = self._loops - len(line.steps)
            if lanes is not None and line.digits is not None:
                found = lanes.places(line.digits), lanes.span(line.digits)
                self._digits[len(self._lines)] = (line.own_steps, *found)
            chunk = access.buffer.swizzle if d == column else 0
            reach = [width, min(limit, line.most), apart, *asked[d], chunk]
            self._lines.append([*reach, *line.steps, *[0.0] * rest])
        self._skip_lines(self._rank - len(access.lines))

    def _skip_accesses(self, count: int) -> None:
        for _ in range(count):
            self._accesses.append((0, 0, 0, self._loops, 0))
            self._skip_lines(self._rank)

    def _skip_lines(self, count: int) -> None:
        self._lines += [[1.0, 1.0, *[0.0] * (self._loops + BESIDE_STEPS - 2)]] * count

    def arrays(self, shape: tuple[int, int], totals: list[tuple[int, int]]) -> Nests:
        """What was added, of so many programs of so many statements."""
        axes = np.array(self._axes, dtype=np.float64).reshape(*shape, self._loops, 4)
        operations = np.array(self._operations, dtype=np.float64)
        lines = np.array(self._lines, dtype=np.float64)
        lines = lines.reshape(*shape, ACCESSES, self._rank, BESIDE_STEPS + self._loops)
        accesses = np.array(self._accesses, dtype=np.float64).reshape(*shape, ACCESSES, 5)
        steps = lines[..., BESIDE_STEPS:]
        own_steps = steps.copy() if self._digits else steps
        digits = np.zeros((*lines.shape[:-1], WARP + 1))
        spans = np.zeros(lines.shape[:-1])
        for row, (own, places, span) in self._digits.items():
            at = np.unravel_index(row, lines.shape[:-1])
            own_steps[at] = 0.0
            own_steps[at][: len(own)] = own
            digits[at], spans[at] = places, span
        others = np.array(self._others, dtype=np.float64).reshape(*shape, 7)
        return Nests(
            extents=axes[..., 0],
            kinds=axes[..., 1],
            positions=axes[..., 2],
            threads=axes[..., 3],
            operations=operations.reshape(*shape, len(OPERATIONS)),
            is_there=others[..., 0],
            kernels=others[..., 3],
            leads=others[..., 4],
            asynchronous=others[..., 5],
            kept=others[..., 6],
            totals=np.array(totals, dtype=np.float64).reshape(shape[0], 2),
            steps=steps,
            own_steps=own_steps,
            digits=digits,
            spans=spans,
            widths=lines[..., 0],
            limits=lines[..., 1],
            strides=lines[..., 2],
            element_bytes=accesses[..., 0],
            reads=accesses[..., 1],
            writes=accesses[..., 2],
            memories=accesses[..., 4],
            apart=lines[..., 3:5],
            swizzles=lines[..., 5],
            meeting=accesses[..., 3],
            scratch_bytes=others[..., 1],
            scratch_loop=others[..., 2],
        )


BESIDE_STEPS = 6
"""What is known of a line beside its steps."""

NO_AXIS = (1, 0, 0, 0)
"""Extent, kind, position and hardware axis where there is no loop."""

_AXIS_NUMBER = {"": 0, **{axis: n for n, axis in enumerate(AXES, 1)}}


def _common(a: tuple[Var, ...], b: tuple[Var, ...]) -> int:
    """How many loops two statements share, from the outermost on."""
    count = 0
    for x, y in zip(a, b, strict=False):
        if x is not y:
            break
        count += 1
    return count
