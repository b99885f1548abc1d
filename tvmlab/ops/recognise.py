"""Which template suits an expression: the one of the operator it equals, or the generic one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tvmlab.errors import TvmlabError, UsageError
from tvmlab.ir.buffer import PROMISES
from tvmlab.ops.generic import GenericTemplate
from tvmlab.ops.gpu.direct_conv2d import DirectConv2d
from tvmlab.ops.gpu.template import GpuTemplate
from tvmlab.ops.gpu.unit import OLDER, UNITS
from tvmlab.ops.registry import OPERATORS, unknown
from tvmlab.ops.schedule_template import ScheduleTemplate
from tvmlab.ops.vector_unit import AVX512, VectorUnit
from tvmlab.ops.workload import Workload
from tvmlab.te import Tensor
from tvmlab.te.graph import as_outputs
from tvmlab.te.serial import to_json


def recognise(outputs: Tensor | Sequence[Tensor]) -> Workload | None:
    """The workload of the library that computes the same, whatever its names, or None.

    Same means node by node: `B[k, x] * A[k, y]` is not recognised as `A[k, y] * B[k, x]`.
    """
    results = as_outputs(outputs)
    wanted = anonymous(results)
    for operator in OPERATORS.values():
        for args in operator.guesses(results):
            try:
                workload = operator(**args)
            except TvmlabError:
                continue  # a guess that is not even a workload
            if anonymous(workload.tensors) == wanted:
                return workload
    return None


def anonymous(outputs: Sequence[Tensor]) -> dict[str, Any]:
    """The expression's JSON without the names of tensors and axes, and what inputs promise."""
    data = to_json(outputs)
    for tensor in data["tensors"]:
        tensor["name"] = ""
        for promise in PROMISES:  # a template looks for itself what is promised of its inputs
            tensor.pop(promise, None)
        if "axes" in tensor:
            tensor["axes"] = [extent for _, extent in tensor["axes"]]
        if "reduce" in tensor:
            tensor["reduce"]["axes"] = [bounds for _, *bounds in tensor["reduce"]["axes"]]
    return data


def template_for(
    outputs: Tensor | Sequence[Tensor], target: str = "cpu", vectors: VectorUnit = AVX512
) -> ScheduleTemplate:
    """The template for an expression: its operator's where it is one of the library's.

    Raises:
        UsageError: there are no templates for the target.
    """
    _check_target(target)
    workload = recognise(outputs)
    if workload is not None:
        return workload.template(target, vectors)
    return GpuTemplate(device=target) if target in UNITS else GenericTemplate(vectors)


def template_named(name: str) -> ScheduleTemplate:
    """The template whose `name` this is, in any process.

    Raises:
        UsageError: no template has that name.
    """
    kind, _, rest = str(name).partition("/")
    target, _, unit = rest.partition("/")
    devices = (*UNITS, *OLDER)
    forms = [GpuTemplate(device=u, has_products=has) for u in devices for has in (False, True)]
    for template in (*forms, DirectConv2d()):
        if template.name == name:
            return template
    makers = _makers()
    if kind not in makers:
        known = [f"{k}/cpu/{AVX512}" for k in makers]
        raise UsageError(unknown("template", name, [*known, *(f"gpu/{u}" for u in UNITS)]))
    _check_target(target)
    if target != "cpu":
        raise UsageError(f"there is no template {name!r}; {kind} has one for 'cpu'.")
    return makers[kind](VectorUnit.parse(unit))


def _makers() -> Mapping[str, Callable[[VectorUnit], ScheduleTemplate]]:
    templates: tuple[type[ScheduleTemplate], ...] = (
        GenericTemplate,
        *(operator.template for operator in OPERATORS.values()),
    )
    return {template.kind: template for template in templates}


def _check_target(target: str) -> None:
    known = ("cpu", *UNITS)
    if target not in known:
        raise UsageError(
            f"there are no templates for the target {target!r}; there are for "
            f"{', '.join(map(repr, known))}."
        )
