"""A tensor graph with more promised of its inputs, or less."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tvmlab.errors import UsageError, brief
from tvmlab.te.graph import as_outputs, inputs
from tvmlab.te.serial import from_json, to_json
from tvmlab.te.tensor import Tensor


def promise_constants(
    outputs: Tensor | Sequence[Tensor], names: Collection[str]
) -> tuple[Tensor, ...]:
    """The graph of `outputs` where the inputs of these names are the same at every call.

    Raises:
        UsageError: no names, or no input has that name.
    """
    results = as_outputs(outputs)
    known = [t.name for t in inputs(results)]
    is_list = isinstance(names, Collection) and not isinstance(names, str)
    if not is_list or not all(isinstance(name, str) for name in names):
        raise UsageError(f"{brief(names)} names no inputs; give their names, each as a text.")
    wrong = next((name for name in names if name not in known), None)
    if wrong is not None or not names:
        asked = f"{results[0].name} has no input {wrong!r}" if wrong else "no input was named"
        raise UsageError(f"{asked}; name those that stay the same, of {', '.join(known)}.")
    workload = to_json(results)
    for entry in workload["tensors"]:
        if "dtype" in entry and entry["name"] in names:
            entry["constant"] = True
    return from_json(workload)


def without_constants(outputs: Tensor | Sequence[Tensor]) -> tuple[Tensor, ...]:
    """The graph of `outputs` where any input may be another at each call."""
    workload = to_json(outputs)
    for entry in workload["tensors"]:
        entry.pop("constant", None)
    return from_json(workload)
