"""Random legal schedules for processors with many threads: bound loops, shared copies, trees."""

from __future__ import annotations

import random
from collections.abc import Sequence

import tvmlab as t
from tests.fuzz.expressions import random_expression, random_narrow_product, random_product
from tests.fuzz.traces import random_state
from tests.intrin.tensor_cores import product
from tvmlab.errors import ScheduleError
from tvmlab.ir import Program
from tvmlab.ir.program import For
from tvmlab.ir.walk import blocks
from tvmlab.ops.gpu.template import GpuTemplate, bind_rest
from tvmlab.schedule import Schedule, State
from tvmlab.schedule.find import Site, sites
from tvmlab.schedule.primitives.double_buffer import DoubleBuffer
from tvmlab.schedule.primitives.swizzle import Swizzle
from tvmlab.schedule.step import Step
from tvmlab.te.tensor import Tensor

LIMITED = ("float16",)
"""Element types that the OpenCL of the tests cannot compute with."""

BY_TURNS = 0.5
"""The share of planned schedules whose shared copies are swizzled and filled ahead."""

ROWS = 3
"""The remainder of the seeds, divided by `STAGED`, that are rows folded by neighbouring threads."""

STAGED = 16
"""One seed in so many is a product in stages."""

FAMILIES = (random_expression, random_expression, random_product, random_narrow_product)
"""What is scheduled: anything, and products twice as often as chance has them."""


def random_gpu_schedule(seed: int) -> Schedule | None:
    """The expression of a seed under a random schedule with every block in a kernel; None where
    the dtypes are not the device's, or chance has led to a nest that cannot be bound."""
    rng = random.Random(seed)
    if seed % STAGED == STAGED // 2:
        return _in_stages(rng)
    is_rows = seed % STAGED == ROWS
    outputs = _rows(rng) if is_rows else rng.choice(FAMILIES)(rng).results
    if any(dtype in LIMITED for dtype in _dtypes(State.start(outputs).program)):
        return None
    template = GpuTemplate(device=rng.choice(("opencl", "cuda")))
    try:
        return (
            _planned(outputs, template, rng)
            if is_rows or rng.random() < 0.7
            else _loose(outputs, template, rng)
        )
    except ScheduleError:
        return None


def _in_stages(rng: random.Random) -> Schedule:
    """A product for TensorCores in several steps, whose operands are copied some steps ahead to
    rows that are swizzled, padded or plain, in pieces or by elements; and some legal steps after
    it."""
    kind = rng.choice(("int8", "int8", "bfloat16", "tf32"))
    m, n, k = (rng.choice(sizes) for sizes in ((16, 24), (16, 24), (96, 130, 160)))
    outputs = [product(kind, rng.random() < 0.5, m=m, n=n, k=k)]
    template = GpuTemplate(device="cuda")
    few = {"C.y": [(1, 16), (2, 16)], "C.x": [(1, 16)], "C.k": [32]}
    config = {
        knob.name: rng.choice(few.get(knob.name, knob.options)) for knob in template.knobs(outputs)
    }
    schedule = Schedule(State.start(outputs))
    template.apply(schedule, config)
    return Schedule(random_state(schedule.state, rng, rng.randint(0, 2)))


def _rows(rng: random.Random) -> list[Tensor]:
    """How far each element is from the sum, the least or the greatest of its row."""
    dtype = rng.choice(("int32", "float32"))
    rows, columns = rng.choice((3, 6)), rng.choice((32, 64, 100, 128))
    a = t.placeholder((rows, columns), dtype, name="A")
    k = t.reduce_axis((0, columns), name="k")
    fold = rng.choice((t.sum, t.min, t.max))
    r = t.compute((rows,), lambda y: fold(a[y, k], axis=k), name="R")
    return [t.compute((rows, columns), lambda y, x: a[y, x] - r[y], name="C")]


def _planned(outputs: Sequence[Tensor], template: GpuTemplate, rng: random.Random) -> Schedule:
    """A random configuration of the template, and some legal steps after it."""
    schedule = Schedule(State.start(outputs))
    config = {knob.name: rng.choice(knob.options) for knob in template.knobs(outputs)}
    template.apply(schedule, config)
    kept = _kept_by_turns(schedule.state, rng) if rng.random() < BY_TURNS else schedule.state
    return Schedule(random_state(kept, rng, rng.randint(0, 3)))


def _kept_by_turns(start: State, rng: random.Random) -> State:
    """`start` with what blocks of threads fetch swizzled, or filled ahead, where that is legal.

    The steps are drawn among those that are offered for it, which chance among all seldom meets.
    """
    state = start
    for name in [s.block.name for s in sites(start.program)]:
        for kind in (Swizzle, DoubleBuffer):
            site = next(s for s in sites(state.program) if s.block.name == name)
            offered = [step for loop in site.loops for step in _legal(kind, state, site, loop)]
            if offered and rng.random() < 0.7:
                state = state.apply(rng.choice(offered))
    return state


def _legal(kind: type[Step], state: State, site: Site, loop: For) -> list[Step]:
    """The steps that are offered at a loop around a copy in shared memory."""
    if all(r.buffer.scope != "shared" for r in site.block.writes):
        return []
    offered = kind.candidates(state.program, site, loop)
    return [step for step in offered if step.check(state.program) is None]


def _loose(outputs: Sequence[Tensor], template: GpuTemplate, rng: random.Random) -> Schedule:
    """Legal steps without a plan, and what no loop is bound for shared out in the end."""
    schedule = Schedule(random_state(State.start(outputs), rng, rng.randint(1, 6)))
    bind_rest(schedule, template.unit)
    return schedule


def _dtypes(program: Program) -> set[str]:
    """Of all that the program reads and writes."""
    regions = [r for block in blocks(program.body) for r in (*block.reads, *block.writes)]
    return {b.dtype for b in (*program.params, *program.buffers, *(r.buffer for r in regions))}
