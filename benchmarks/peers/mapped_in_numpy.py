"""Functions of elements and elements at other places, in NumPy, as far as it has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from peers.call import Array, Call
from tvmlab.ops import Workload

FUNCTIONS = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "max": np.maximum,
    "min": np.minimum, "pow": np.power, "exp": np.exp, "log": np.log, "sqrt": np.sqrt,
    "tanh": np.tanh, "neg": np.negative, "abs": np.abs, "sin": np.sin, "cos": np.cos,
}  # fmt: skip


def pointwise(workload: Workload, arrays: Sequence[Array], out: Array) -> Call | None:
    run = FUNCTIONS.get(workload.args["function"])
    return None if run is None else lambda: run(*arrays, out=out)


def batch_norm(workload: Workload, arrays: Sequence[Array], out: Array) -> Call:
    x, scale, shift = arrays
    each = (-1, *(1,) * (x.ndim - 2))
    factor, term = scale.reshape(each), shift.reshape(each)

    def call() -> Array:
        np.multiply(x, factor, out=out)
        return np.add(out, term, out=out)

    return call


def global_pool(workload: Workload, arrays: Sequence[Array], out: Array) -> Call:
    (x,) = arrays
    places = tuple(range(2, x.ndim))
    run = np.mean if workload.args["fold"] == "mean" else np.max
    return lambda: run(x, axis=places, out=out)


def reshape(workload: Workload, arrays: Sequence[Array], out: Array) -> Call:
    return lambda: np.copyto(out, arrays[0].reshape(out.shape)) or out


def concat(workload: Workload, arrays: Sequence[Array], out: Array) -> Call:
    return lambda: np.concatenate(arrays, workload.args["axis"], out=out)


def strided_slice(workload: Workload, arrays: Sequence[Array], out: Array) -> Call:
    every = tuple(slice(None, None, step) for step in workload.args["step"])
    return lambda: np.copyto(out, arrays[0][every]) or out


def pad(workload: Workload, arrays: Sequence[Array], out: Array) -> Call:
    widths = [(width, width) for width in workload.args["before"]]
    return lambda: np.pad(arrays[0], widths)


def gather(workload: Workload, arrays: Sequence[Array], out: Array) -> Call:
    data, indices = arrays
    return lambda: np.take(data, indices, workload.args["axis"], out=out, mode="clip")


def transpose(workload: Workload, arrays: Sequence[Array], out: Array) -> Call:
    return lambda: np.copyto(out, arrays[0].transpose(workload.args["axes"])) or out


def reduce(workload: Workload, arrays: Sequence[Array], out: Array) -> Call:
    run, axes = getattr(np, workload.args["by"]), workload.args["axes"]
    return lambda: run(arrays[0], axis=axes, out=out)


def blur(workload: Workload, arrays: Sequence[Array], out: Array) -> Call:
    (image,) = arrays
    across = np.empty((image.shape[0], out.shape[1]), out.dtype)

    def call() -> Array:
        np.add(image[:, :-2], image[:, 1:-1], out=across)
        np.add(across, image[:, 2:], out=across)
        np.add(across[:-2], across[1:-1], out=out)
        np.add(out, across[2:], out=out)
        return np.multiply(out, out.dtype.type(1 / 9), out=out)

    return call


CALLS: Mapping[str, Callable[[Workload, Sequence[Array], Array], Call | None]] = {
    "pointwise": pointwise,
    "batch_norm": batch_norm,
    "global_pool": global_pool,
    "reshape": reshape,
    "concat": concat,
    "strided_slice": strided_slice,
    "pad": pad,
    "gather": gather,
    "transpose": transpose,
    "reduce": reduce,
    "blur": blur,
}
