"""How alike two workloads are: the same computation at other sizes, and how far apart those are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any


def distance(one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    """How far two workloads are apart, in factors of two of their extents, all loops together.

    0 says that all extents are equal; infinity, that the tensors or their loops do not correspond.

    Args:
        one, other: tensor expressions as `tvmlab.te.serial.to_json` writes them.
    """
    shapes = list(zip(one["tensors"], other["tensors"], strict=False))
    if len(one["tensors"]) != len(other["tensors"]):
        return math.inf
    total = 0.0
    for mine, theirs in shapes:
        pairs = list(zip(_extents(mine), _extents(theirs), strict=False))
        if len(pairs) != len(_extents(theirs)) or len(pairs) != len(_extents(mine)):
            return math.inf
        total += sum(abs(math.log2(a / b)) for a, b in pairs)
    return total


def kinds_of(workloads: Sequence[Mapping[str, Any]]) -> list[int]:
    """A number for each, equal where two are the same computation at some sizes."""
    kinds: list[int] = []
    for place, workload in enumerate(workloads):
        like = (n for n in range(place) if distance(workloads[n], workload) < math.inf)
        kinds.append(kinds[first] if (first := next(like, None)) is not None else place)
    return kinds


def work(workload: Mapping[str, Any]) -> float:
    """The iterations of all loops of a workload."""
    return sum(math.prod(_extents(t)) for t in workload["tensors"] if "axes" in t) or 1.0


def _extents(tensor: Mapping[str, Any]) -> list[int]:
    """The extents of a tensor's dimensions and of the loops it folds, where they are numbers."""
    folded = (tensor.get("reduce") or {}).get("axes", [])
    every = [*tensor.get("shape", []), *(axis[1] for axis in tensor.get("axes", []))]
    every += [axis[2] for axis in folded]
    return [n for n in every if isinstance(n, int)]
