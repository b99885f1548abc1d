"""A tensor graph over sizes at given values: a graph whose extents are all numbers.

The graph is written as JSON and read back with numbers where its sizes stood, by the functions a
user calls; so whatever can be saved can be specialised.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tvmlab.ir.shapes import sizes_in
from tvmlab.ir.size import Size
from tvmlab.te.graph import as_outputs, tensors
from tvmlab.te.serial import from_json, to_json
from tvmlab.te.size import values_of
from tvmlab.te.tensor import Tensor


def graph_sizes(outputs: Tensor | Sequence[Tensor]) -> tuple[Size, ...]:
    """The sizes of a graph's shapes, in the order in which its tensors name them."""
    return sizes_in(e for tensor in tensors(as_outputs(outputs)) for e in tensor.shape)


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
