"""The same workloads in other people's libraries, each in the best form its documentation offers.

A peer that is not installed is named in the results, never passed over in silence.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence

from peers import in_numpy, in_onnxruntime, in_torch
from peers.call import Array, Call, threads
from tvmlab.ops import Workload

PEERS: Mapping[str, tuple[Callable[[Workload, Sequence[Array]], Call | None], tuple[str, ...]]] = {
    # name -> (how to make a call, the packages it needs)
    "numpy": (in_numpy.make, ("numpy",)),
    "torch": (in_torch.make, ("torch",)),
    "onnxruntime": (in_onnxruntime.make, ("onnxruntime", "onnx")),
}


def missing() -> dict[str, str]:
    """The peers that cannot run here -> the package they lack."""
    lacks = {}
    for name, (_, packages) in PEERS.items():
        for package in packages:
            try:
                importlib.import_module(package)
            except ImportError:
                lacks.setdefault(name, package)
    return lacks


__all__ = ["PEERS", "Array", "Call", "missing", "threads"]
