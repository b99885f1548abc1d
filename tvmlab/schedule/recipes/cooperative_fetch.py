"""Cooperative fetch: the threads of a block together copy what they read to shared memory.

Other systems: TVM's cooperative fetching (MetaSchedule writes `meta_schedule.cooperative_fetch`).

Each iteration of `loop` begins with a copy of the part of `buffer` that it reads: neighbouring
threads copy neighbouring elements, `lanes` of them at once, and come round again until all are
there. Legal where the block's threads are bound inside `loop` and the copies fit in shared memory.

Before:

    for y in range(8):
        for x in range(8):
            for k in range(8):
                with block("C", vy=y, vx=x, vk=reduce(k)):
                    with init():
                        C[vy, vx] = 0.0
                    C[vy, vx] = C[vy, vx] + A[vk, vy] * B[vk, vx]

After `s["C"].bind("y", "blockIdx.x"); s["C"].bind("x", "threadIdx.x");
s["C"].cooperative_fetch("A", "y")`:

    A_cache = allocate(float32[8, 8], scope="shared")
    for y in bound(8, thread="blockIdx.x"):
        for i0 in bound(8, thread="threadIdx.x"):
            with block("A_cache", vi0=i0, vi1=y):
                A_cache[vi0, vi1] = A[vi0, vi1]
        for x in bound(8, thread="threadIdx.x"):
            for k in range(8):
                with block("C", vy=y, vx=x, vk=reduce(k)):
                    with init():
                        C[vy, vx] = 0.0
                    C[vy, vx] = C[vy, vx] + A_cache[vk, vy] * B[vk, vx]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import gcd, prod

from tvmlab.analysis.ownership import OWNED, loops_to_owner, owned_bytes
from tvmlab.ir.axis import BLOCK_AXES, THREAD_AXES, axis_of
from tvmlab.ir.buffer import Buffer, Extent
from tvmlab.ir.dtypes import size_bytes
from tvmlab.ir.instruction import is_collective
from tvmlab.ir.program import For, Invoke, Program
from tvmlab.ir.shuffle import WARP
from tvmlab.schedule.copies import fresh_block_name
from tvmlab.schedule.find import Site, box_read, find_site, sites
from tvmlab.schedule.primitives import (
    AddUnitLoop,
    Bind,
    CacheRead,
    ComputeAt,
    Fuse,
    SetScope,
    Split,
    StorageAlign,
    Vectorize,
)
from tvmlab.schedule.recipe import Recipe
from tvmlab.schedule.step import Step, argument

MOST_SHARED_BYTES = 48 << 10
"""Shared memory of a block that every CUDA device has without being asked for more; CUDA C++
Programming Guide, technical specifications."""

BANKS_BYTES = 128
"""A word of all banks of shared memory, of all GPUs known."""

LOAD_BYTES = 16
"""What a thread moves at once, at most."""


@dataclass(frozen=True)
class CooperativeFetch(Recipe):
    """Let the block read `buffer` through a shared copy that its threads make in `loop`."""

    name = "cooperative_fetch"
    group = "storage"
    summary = "copy what a block of threads reads to shared memory, all of them together"
    example = 'cooperative_fetch("A", "ko")'
    buffer: str = argument("name", "the buffer to copy")
    loop: str = argument("loop", "the loop in each of whose iterations the copy is made")
    lanes: int = argument("value", "elements that a thread copies at once", default=1)
    pad: int = argument("value", "elements by which rows of the copy move apart", default=0)

    def require(self, program: Program) -> None:
        """Threads inside the loop and none around it, a copy that fits, and every step legal."""
        site = self.site(program)
        self.find_loop(site, self.loop)
        read = {r.buffer.name: r.buffer for r in site.block.reads}
        source = read.get(self.buffer)
        if source is not None and source.scope in OWNED:
            raise self.refuse(
                "",
                f"{self.buffer} is in {source.scope} memory already",
                f"fetch what is global: {', '.join(b.name for b in _global(site)) or 'nothing is'}",
            )
        self._require_threads(site)
        if self.lanes < 1:
            raise self.refuse("", f"a thread copies no {self.lanes} elements", "give 1 or more")
        if source is not None and not all(isinstance(e, int) for e in source.shape):
            raise self.refuse(
                self.loop,
                f"the extents of {self.buffer} are known only at a call, and memory is laid out "
                "before",
                "specialise the expression at sizes of interest",
            )
        super().require(program)
        self._require_room(program)

    def _require_threads(self, site: Site) -> None:
        """The threads that share out the copying are bound inside the loop."""
        place = _place(site, self.loop)
        around = [o for o in site.loops[:place] if _is_thread(o)]
        if around:
            first = site.loops.index(around[0])
            rest = [o.var.name for o in site.loops[first:place] if o not in around]
            order = ", ".join(f'"{name}"' for name in (*rest, *(o.var.name for o in around)))
            raise self.refuse(
                self.loop,
                f"one thread of {axis_of(around[0])} alone reads what an iteration reads",
                f"reorder({order}) first" if rest else "choose a loop around the threads",
            )
        if not any(axis_of(o) in BLOCK_AXES for o in site.loops[:place]):
            raise self.refuse(
                self.loop,
                "no loop around is bound to blocks, and shared memory is of one block",
                "bind a loop around it to blockIdx.x first; add_unit_loop makes one",
            )
        if not _team(site):
            raise self.refuse(
                self.loop,
                f"no loop of {self.block} inside it is bound to threads, who could copy together",
                "bind a loop inside it to threadIdx.x first",
            )

    def _require_room(self, program: Program) -> None:
        """All shared memory of the kernel fits in a block's."""
        after = self.apply(program)
        site = self.site(after)
        kernel = next(o for o in site.loops if axis_of(o) in BLOCK_AXES)
        inside = {
            r.buffer
            for other in sites(after)
            if kernel in other.loops
            for r in (*other.block.reads, *other.block.writes)
            if r.buffer.scope == "shared"
        }
        sizes = [owned_bytes(loops_to_owner(after, buffer), buffer) for buffer in inside]
        total = sum(size for size in sizes if size is not None)
        if total > MOST_SHARED_BYTES:
            raise self.refuse(
                self.loop,
                f"a block would keep {total} bytes in shared memory, and {MOST_SHARED_BYTES} are "
                "what every device has",
                f"split {self.loop}, and fetch in a loop further in, or choose smaller tiles",
            )

    def expand(self, program: Program) -> list[Step]:
        """The copy made and moved, its loops shared out among the threads, its memory chosen."""
        copy = fresh_block_name(program, f"{self.buffer}_cache")
        team = _team(self.site(program))
        steps: list[Step] = []
        for step in (CacheRead(self.block, self.buffer), ComputeAt(copy, self.block, self.loop)):
            steps.append(step)
            if step.check(program) is not None:
                return steps
            program = step.apply(program)
        site = find_site(program, copy)
        assert site is not None, "the copy was made"
        steps += _shared_out(
            program, copy, site.names()[_place(site, self.loop) :], team, self.lanes
        )
        if self.pad:
            rows = len(site.block.writes[0].bounds) - 2
            banks = _banks(site.block.writes[0].buffer)
            steps.append(StorageAlign(copy, copy, rows, banks, self.pad))
        return [*steps, SetScope(copy, copy, "shared")]

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[CooperativeFetch]:
        """Where loops are bound, each global buffer that the block reads: element by element, as
        wide as its rows allow, and with rows apart that would lie in the same banks."""
        if not any(axis_of(o) for o in site.loops):
            return
        for buffer in _global(site):
            block, at = site.block.name, loop.var.name
            box = box_read(program, block, buffer.name, at)
            extents = [e if s is None else s.extent for s, e in zip(box, buffer.shape, strict=True)]
            rows = [e for e in (*extents[-1:], *buffer.shape[-1:]) if isinstance(e, int)]
            wide = gcd(max(1, LOAD_BYTES // size_bytes(buffer.dtype)), *rows)
            yield cls(block, buffer.name, at)
            if wide > 1:
                yield cls(block, buffer.name, at, wide)
            if len(rows) == 2 and len(extents) > 1 and rows[0] % _banks(buffer) == 0:
                yield cls(block, buffer.name, at, wide, wide)


def thread_factors(extent: Extent, inner: Sequence[int]) -> tuple[int | None, ...]:
    """Factors that cut a loop so that its last parts are `inner`, threads and what each takes at
    once, and what is left over the rounds outside them; none where `inner` is the loop as it is."""
    if not inner or (len(inner) == 1 and inner[0] == extent):
        return ()
    if isinstance(extent, int) and extent <= prod(inner):
        return tuple(inner) if len(inner) > 1 else (1, *inner)
    return (None, *inner)


def _shared_out(
    program: Program, copy: str, loops: Sequence[str], team: Sequence[tuple[str, int]], lanes: int
) -> list[Step]:
    """The steps that make one loop of the copy's `loops`, nested directly, and bind it to threads:
    (axis, how many along it), the slowest first."""
    steps: list[Step] = []
    if len(loops) != 1:
        join: Step = Fuse(copy, tuple(loops)) if loops else AddUnitLoop(copy)
        steps.append(join)
        loops, program = join.results(program), join.apply(program)
    site = find_site(program, copy)
    loop = site.loop(loops[0]) if site is not None else None
    assert loop is not None, "the copy's own loop"
    inner = [*(count for _, count in team), *([lanes] if lanes > 1 else [])]
    factors = thread_factors(loop.extent, inner)
    if factors:
        split = Split(copy, loops[0], factors)
        steps.append(split)
        loops = split.results(program)[-len(inner) :]
    steps += [Bind(copy, name, axis) for name, (axis, _) in zip(loops, team, strict=False)]
    return [*steps, Vectorize(copy, loops[-1])] if lanes > 1 else steps


def _team(site: Site) -> list[tuple[str, int]]:
    """The threads that the block's loops are bound to, the slowest axis first; those of a warp are
    threads where it executes an instruction together."""
    counts = {axis_of(o): o.extent for o in site.loops if isinstance(o.extent, int)}
    body = site.block.body
    if isinstance(body, Invoke) and is_collective(body):
        counts.setdefault(THREAD_AXES[0], WARP)
    return [(axis, counts[axis]) for axis in reversed(THREAD_AXES) if axis in counts]


def _is_thread(loop: For) -> bool:
    """Whether the iterations of a loop are threads, virtual ones too."""
    axis = axis_of(loop)
    return axis is not None and axis not in BLOCK_AXES


def _place(site: Site, loop: str) -> int:
    """How many loops there are down to `loop`, itself one of them."""
    return site.names().index(loop) + 1


def _global(site: Site) -> list[Buffer]:
    """The buffers that the block reads of global memory and does not write."""
    written = [w.buffer for w in site.block.writes]
    read = dict.fromkeys(r.buffer for r in site.block.reads)
    return [b for b in read if b.scope == "global" and b not in written]


def _banks(buffer: Buffer) -> int:
    """Elements in a word of all banks."""
    return max(1, BANKS_BYTES // size_bytes(buffer.dtype))
