"""The space that a setup asks for by the name of its template, and where a search of it begins."""

from __future__ import annotations

from tvmlab import ops
from tvmlab.te.serial import from_json
from tvmlab.tune.setup import Setup
from tvmlab.tune.space import Config, Space
from tvmlab.tune.template_space import template_space


def space_of(setup: Setup) -> tuple[Space, list[Config]]:
    """The space of a setup, and the configurations to try first: good choices without a search.

    Raises:
        UsageError: there is no template of that name.
    """
    outputs = from_json(setup.workload)
    template = (
        ops.template_named(setup.template)
        if setup.steps is None
        else ops.HoleTemplate.from_json(setup.steps)
    )
    return template_space(template, outputs), [template.default(outputs)]
