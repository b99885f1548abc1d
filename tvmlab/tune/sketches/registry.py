"""The rules in the order in which they are asked. To add one: its file, its line here, its test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tvmlab.errors import ScheduleError
from tvmlab.ops.generic import GenericTemplate
from tvmlab.ops.gpu.template import GpuTemplate
from tvmlab.ops.gpu.unit import UNITS, ThreadUnit, unit_named
from tvmlab.ops.schedule_template import ScheduleTemplate
from tvmlab.ops.vector_unit import AVX512, VectorUnit
from tvmlab.schedule import create_schedule
from tvmlab.te import Tensor
from tvmlab.te.graph import recurrences
from tvmlab.tune.sketches.alone import Alone
from tvmlab.tune.sketches.bind import Bind
from tvmlab.tune.sketches.follow import Follow
from tvmlab.tune.sketches.inline import Inline
from tvmlab.tune.sketches.lay_out import LayOut
from tvmlab.tune.sketches.pack import Pack
from tvmlab.tune.sketches.partial import Partial
from tvmlab.tune.sketches.product import Product
from tvmlab.tune.sketches.rfactor import Rfactor
from tvmlab.tune.sketches.rows import Rows
from tvmlab.tune.sketches.rule import Rule
from tvmlab.tune.sketches.share import Share
from tvmlab.tune.sketches.sketch import derive
from tvmlab.tune.sketches.tensor_cores import TensorCores
from tvmlab.tune.sketches.tensorize import Tensorize
from tvmlab.tune.sketches.tile import Tile

PHASES: tuple[tuple[Rule, ...], ...] = (
    (Inline(),),
    (Rows(), Rfactor(), Tensorize(), Follow(), LayOut(), Pack(), Tile(), Alone()),
)
"""What changes the computations, then what decides how each is scheduled."""


def bound(unit: ThreadUnit) -> tuple[tuple[Rule, ...], ...]:
    """The same for processors with many threads, whose axes loops are bound to."""
    return ((Inline(),), (TensorCores(unit), Product(unit), Share(unit), Bind()))


BOUND = bound(UNITS["opencl"])
"""Those for a processor that every OpenCL device comes up to."""

RULES: Mapping[str, Rule] = {rule.name: rule for rules in (*PHASES, *BOUND) for rule in rules}
"""Every rule by name."""

MOST = 16
"""Sketches of one expression."""


def sketches(
    outputs: Sequence[Tensor],
    vectors: VectorUnit = AVX512,
    phases: Sequence[Sequence[Rule]] = PHASES,
) -> dict[str, ScheduleTemplate]:
    """The structures that rules find for an expression, by title; the plain one first.

    One whose default choice is refused is none. Stages by themselves, without any rule, are always
    among them, and all there is where an expression has recurrences.
    """
    return _found({"stage by stage": GenericTemplate(vectors)}, outputs, vectors, phases)


def sketches_for(target: str, outputs: Sequence[Tensor]) -> dict[str, ScheduleTemplate]:
    """The same for processors with many threads, as `unit_named` takes them; the plan of their
    template first."""
    first: dict[str, ScheduleTemplate] = {"as planned": GpuTemplate(device=target)}
    return _found(first, outputs, AVX512, bound(unit_named(target)))


def _found(
    found: dict[str, ScheduleTemplate],
    outputs: Sequence[Tensor],
    vectors: VectorUnit,
    phases: Sequence[Sequence[Rule]],
) -> dict[str, ScheduleTemplate]:
    if recurrences(outputs):
        return found
    for sketch in derive(Partial.start(outputs, vectors), phases, MOST):
        schedule = create_schedule(outputs)
        try:
            sketch.apply(schedule, sketch.default(outputs))
        except ScheduleError:
            continue
        found.setdefault(sketch.title, sketch)
    return found
