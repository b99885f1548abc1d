"""A tensor graph over sizes at given values: a graph whose extents are all numbers.

The graph is written as JSON and read back with numbers where its sizes stood, by the functions a
user calls; so whatever can be saved can be specialised.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tvmlab.te.graph import as_outputs, graph_sizes
from tvmlab.te.serial import from_json, to_json
from tvmlab.te.size import values_of
from tvmlab.te.tensor import Tensor


def specialise_tensors(
    outputs: Tensor | Sequence[Tensor], values: Mapping[str, int]
) -> tuple[Tensor, ...]:
    """The graph of `outputs` where its sizes have `values`, by name; itself if it has none.

    Raises:
        UsageError: a size is missing, unknown, or its value outside its bounds.
    """
    results = as_outputs(outputs)
    known = values_of(graph_sizes(results), values)
    if not known:
        return results
    return from_json(to_json(results), {s.name: v for s, v in known.items()})
