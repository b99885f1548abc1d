"""Random legal schedules for processors with many threads: bound loops, shared copies, trees."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tests.fuzz.expressions import random_expression, random_narrow_product, random_product
from tests.fuzz.traces import random_state
from tests.intrin.tensor_cores import product
from tvmlab.errors import ScheduleError
from tvmlab.ir import Program
from tvmlab.ir.walk import blocks
from tvmlab.ops.gpu.template import GpuTemplate, bind_rest
from tvmlab.schedule import Schedule, State
from tvmlab.te.tensor import Tensor

LIMITED = ("float16",)
"""Element types that the OpenCL of the tests cannot compute with."""

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
    outputs = rng.choice(FAMILIES)(rng).results
    if any(dtype in LIMITED for dtype in _dtypes(State.start(outputs).program)):
        return None
    template = GpuTemplate(device=rng.choice(("opencl", "cuda")))
    try:
        return (
            _planned(outputs, template, rng)
            if rng.random() < 0.7
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


def _planned(outputs: Sequence[Tensor], template: GpuTemplate, rng: random.Random) -> Schedule:
    """A random configuration of the template, and some legal steps after it."""
    schedule = Schedule(State.start(outputs))
    config = {knob.name: rng.choice(knob.options) for knob in template.knobs(outputs)}
    template.apply(schedule, config)
    return Schedule(random_state(schedule.state, rng, rng.randint(0, 3)))


def _loose(outputs: Sequence[Tensor], template: GpuTemplate, rng: random.Random) -> Schedule:
    """Legal steps without a plan, and what no loop is bound for shared out in the end."""
    schedule = Schedule(random_state(State.start(outputs), rng, rng.randint(1, 6)))
    bind_rest(schedule, template.unit)
    return schedule


def _dtypes(program: Program) -> set[str]:
    """Of all that the program reads and writes."""
    regions = [r for block in blocks(program.body) for r in (*block.reads, *block.writes)]
    return {b.dtype for b in (*program.params, *program.buffers, *(r.buffer for r in regions))}
