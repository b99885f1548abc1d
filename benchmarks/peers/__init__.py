"""The same workloads in other people's libraries, each in the best form its documentation offers.

A peer that is not installed is named in the results, never passed over in silence. A library may
stand in several forms; a form's name begins with the library's.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence

from peers import in_halide, in_jax, in_numba, in_numpy, in_onnxruntime, in_torch, in_tvm
from peers.call import Array, Call, Contender, result_array, threads
from tvmlab.ops import Workload

Make = Callable[[Workload, Sequence[Array]], Contender | None]

PEERS: Mapping[str, tuple[Make, tuple[str, ...]]] = {
    # name -> (what makes a contender, the packages it needs)
    "numpy": (in_numpy.make, ("numpy",)),
    "torch": (in_torch.make, ("torch",)),
    "torch laid out": (in_torch.make_laid_out, ("torch",)),
    "onnxruntime": (in_onnxruntime.make, ("onnxruntime", "onnx")),
    "onnxruntime constant": (in_onnxruntime.make_constant, ("onnxruntime", "onnx")),
    "jax": (in_jax.make, ("jax",)),
    "numba": (in_numba.make, ("numba",)),
    "numba blocked": (in_numba.make_blocked, ("numba",)),
    "halide": (in_halide.make, ("halide",)),
    "tvm": (in_tvm.make, ("tvm",)),
}

PACKAGES = {"tvm": "apache-tvm"}
"""By what name a package is installed, where that is not its own."""


def missing() -> dict[str, str]:
    """The peers that cannot run here -> the package they lack, by the name it is installed by."""
    lacks = {}
    for name, (_, packages) in PEERS.items():
        for package in packages:
            if importlib.util.find_spec(package) is None:
                lacks.setdefault(name, PACKAGES.get(package, package))
    return lacks


__all__ = ["PEERS", "Array", "Call", "Contender", "missing", "result_array", "threads"]
