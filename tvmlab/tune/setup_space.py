"""The space that a setup asks for by the name of its template, and where a search of it begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tvmlab import ops
from tvmlab.errors import UsageError
from tvmlab.ops.gpu.template import GpuTemplate
from tvmlab.ops.gpu.unit import OLDER, UNITS, name_at
from tvmlab.ops.recognise import recognise
from tvmlab.ops.schedule_template import ScheduleTemplate
from tvmlab.ops.vector_unit import VectorUnit
from tvmlab.te import Tensor
from tvmlab.te.serial import from_json
from tvmlab.tune.setup import Setup
from tvmlab.tune.sketch_space import SKETCH, SketchSpace
from tvmlab.tune.sketches import sketches, sketches_for
from tvmlab.tune.space import Config, Space
from tvmlab.tune.template_space import template_space

SPACES = ("template", "sketch")
"""The kinds of space that a user may ask for: that of a template, or that of structures which
rules derive."""

SKETCHES = "sketches/cpu/"
"""What stands in place of a template's name where sketches are searched, before the registers."""

BOUND_SKETCHES = {f"sketches/{unit}": unit for unit in (*UNITS, *OLDER)}
"""The same, in full, for targets with many threads."""


def space_of(setup: Setup) -> tuple[Space, list[Config]]:
    """The space of a setup, and the configurations to try first: good choices without a search.

    Raises:
        UsageError: there is no template of that name.
    """
    outputs = from_json(setup.workload)
    found: dict[str, ScheduleTemplate] = {}
    if setup.steps is None and setup.template in BOUND_SKETCHES:
        found = sketches_for(BOUND_SKETCHES[setup.template], outputs)
    elif setup.steps is None and setup.template.startswith(SKETCHES):
        found = sketches(outputs, VectorUnit.parse(setup.template.removeprefix(SKETCHES)))
    if found:
        first = [{SKETCH: title, **each.default(outputs)} for title, each in found.items()]
        return SketchSpace(found, outputs), first
    template = (
        ops.template_named(setup.template)
        if setup.steps is None
        else ops.HoleTemplate.from_json(setup.steps)
    )
    return template_space(template, outputs), [template.default(outputs)]


def template_name(
    outputs: Tensor | Sequence[Tensor],
    space: str | None,
    target: str,
    vectors: VectorUnit,
    capability: tuple[int, int] | None = None,
) -> str:
    """The name of what is searched for an expression.

    Args:
        space: one of `SPACES`; None takes the template of the operator that the expression is, and
            sketches where it is none of those that have one of their own.
        target: the name of a target.
        vectors: the registers to plan for.
        capability: of the GPU, where the target's differ in their instructions.

    Raises:
        UsageError: there is no such space, or there are no templates for the target.
    """
    if space is not None and space not in SPACES:
        raise UsageError(f"the space {space!r} is not known; use one of {', '.join(SPACES)}.")
    template = ops.template_for(outputs, target, vectors)
    unit = target if capability is None else name_at(target, capability)
    if isinstance(template, GpuTemplate):
        template = replace(template, device=unit)
    is_unknown = recognise(outputs) is None
    if space == "sketch" or (space is None and is_unknown):
        return f"sketches/{unit}" if target in UNITS else f"{SKETCHES}{vectors}"
    return template.name
