"""Set scope: which memory of a machine an intermediate is kept in.

Other systems: TVM `set_scope`, Halide `store_in`, Exo `set_memory`.

`global` is the memory of the whole program. `shared` belongs to a block of threads, `warp` to the
threads that run in step, `local` to one thread: legal where the iterations of some loop can each
have a buffer of their own, and of bound loops those of the right axes. Where nests of threads of
one block follow each other, `local` and `warp` memory live on: legal where no thread or warp
touches what is another's. On NVIDIA's GPUs memory of a warp is registers of its threads, which they
read of each other by shuffles; other devices keep it in shared memory. `scratch.input`,
`scratch.weight` and `scratch.accumulator` are memories inside an accelerator, which their target
fills. No value changes; a CPU keeps all of them in memory, `local` ones in registers where it can.

Before:

    B = allocate(float32[8])
    for i in range(8):
        with block("B", vi=i):
            B[vi] = A[vi] + 1.0
    for i in range(8):
        with block("C", vi=i):
            C[vi] = B[vi] + 1.0

After `s["B"].compute_at("C", "i"); s["B"].set_scope("B", "local")`:

    B = allocate(float32[8], scope="local")
    for i in range(8):
        with block("B", vi=i):
            B[vi] = A[vi] + 1.0
        with block("C", vi=i):
            C[vi] = B[vi] + 1.0
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from tvmlab.analysis.ownership import OWNED, handed_on, loops_to_owner, owned_bytes
from tvmlab.ir.axis import THREAD_AXES, axis_of
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.program import SCOPES, For, Program
from tvmlab.ir.walk import blocks_with_loops
from tvmlab.schedule.find import Site
from tvmlab.schedule.relocate import with_buffer
from tvmlab.schedule.step import Step, argument

OFFERED = tuple(scope for scope in SCOPES if scope != "register")

MOST_LOCAL_BYTES = 16384
"""What one thread may keep for itself: a quarter of an SM's register file, half of a CPU's L1."""


@dataclass(frozen=True)
class SetScope(Step):
    """Keep `buffer`, which the block reads or writes, in the memory `scope`."""

    name = "set_scope"
    summary = "keep an intermediate in another memory"
    example = 'set_scope("B", "local")'
    group = "storage"
    buffer: str = argument("name", "the intermediate to keep elsewhere")
    scope: str = argument("name", f"one of {', '.join(OFFERED)}")

    def require(self, program: Program) -> None:
        """A memory there is, and for one that threads own, a loop whose iterations own it."""
        if self.scope == "register":
            raise self.refuse(
                "",
                "registers are given out by lowering, to small tiles with constant indices",
                'use the scope "local", and unroll or vectorize the loops over it',
            )
        if self.scope not in OFFERED:
            raise self.refuse(
                "", f"there is no memory {self.scope!r}", f"there are {', '.join(OFFERED)}"
            )
        buffer = self.intermediate(program, self.buffer)
        if self.scope in OWNED:
            self._require_owner(program, buffer)

    def _require_owner(self, program: Program, buffer: Buffer) -> None:
        """A loop around all that touches the buffer, each iteration of which can have its own."""
        around = loops_to_owner(program, buffer)
        whose = {
            "shared": "a block of threads",
            "warp": "threads in a row of threadIdx.x of 32 or a divisor of it",
        }.get(self.scope, "one thread")
        if not around:
            raise self.refuse(
                "",
                f"cannot prove that iterations of a loop write all they read of {buffer.name}, as "
                f"memory of {whose} needs",
                f"compute_at {buffer.name} in a loop of its reader first",
            )
        apart = handed_on(program, buffer, self.scope)
        if apart is not None:
            raise self.refuse(
                apart.var.name,
                f"{axis_of(apart)} hands {buffer.name} from one iteration to another, and "
                f"{self.scope} memory is of {whose}",
                f"compute_at {buffer.name} inside {apart.var.name}, or choose a wider scope",
            )
        size = owned_bytes(around, buffer)
        size = None if size is None else -(-size // _threads(around[-1], buffer))
        if self.scope == "local" and (size is None or size > MOST_LOCAL_BYTES):
            held = "of no known size" if size is None else f"of {size} bytes"
            raise self.refuse(
                around[-1].var.name,
                f"an iteration needs {buffer.name} {held}, and a thread keeps at most "
                f"{MOST_LOCAL_BYTES}",
                "compute it at a loop further in, or choose shared or global",
            )

    def apply(self, program: Program) -> Program:
        """The buffer in its new scope."""
        buffer = self.intermediate(program, self.buffer)
        return with_buffer(program, buffer, buffer.replace(scope=self.scope))

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[SetScope]:
        """Each memory that the intermediates the block writes are not in."""
        for region in site.block.writes:
            if region.buffer in program.buffers:
                for scope in OFFERED:
                    if scope != region.buffer.scope:
                        yield cls(site.block.name, region.buffer.name, scope)


def _threads(owner: For, buffer: Buffer) -> int:
    """The threads that share out what one iteration of the owner touches of `buffer`."""
    for block, loops in blocks_with_loops(owner.body):
        if buffer in [r.buffer for r in (*block.reads, *block.writes)]:
            return prod(
                o.extent for o in loops if axis_of(o) in THREAD_AXES and isinstance(o.extent, int)
            )
    return 1
