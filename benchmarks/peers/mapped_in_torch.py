"""Windows of any dimensions, functions of elements and elements at other places, in PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from peers.call import Call
from tvmlab.ops import Workload


def convolution(torch: Any, workload: Workload, given: Sequence[Any]) -> Call:
    args = workload.args
    run = getattr(torch.nn.functional, workload.name)
    padding = "same" if args["padding"] == "SAME" else args["padding"]
    return lambda: run(
        *given, stride=args["stride"], padding=padding, dilation=args["dilation"],
        groups=args["groups"],
    )  # fmt: skip


def conv2d_transpose(torch: Any, workload: Workload, given: Sequence[Any]) -> Call:
    stride, padding = workload.args["stride"], workload.args["padding"]
    run = torch.nn.functional.conv_transpose2d
    return lambda: run(*given, stride=stride, padding=padding)


def pool(torch: Any, workload: Workload, given: Sequence[Any]) -> Call:
    args = workload.args
    run = getattr(torch.nn.functional, f"{workload.name}{len(args['shape']) - 2}d")
    padding = 0 if args["padding"] == "VALID" else args["padding"]
    return lambda: run(given[0], args["kernel"], args["stride"], padding)


def global_pool(torch: Any, workload: Workload, given: Sequence[Any]) -> Call:
    places = tuple(range(2, len(workload.args["shape"])))
    run = torch.mean if workload.args["fold"] == "mean" else torch.amax
    return lambda: run(given[0], places)


def batch_norm(torch: Any, workload: Workload, given: Sequence[Any]) -> Call:
    x, scale, shift = given
    mean, variance = torch.zeros_like(scale), torch.ones_like(scale)
    run = torch.nn.functional.batch_norm
    return lambda: run(x, mean, variance, scale, shift, eps=0.0)


def pointwise(torch: Any, workload: Workload, given: Sequence[Any]) -> Call:
    name = workload.args["function"]
    names = {"max": "maximum", "min": "minimum"}
    if name in ("gelu", "silu"):
        run = getattr(torch.nn.functional, name)
        return lambda: run(*given)
    run, out = getattr(torch, names.get(name, name)), torch.empty(workload.tensors[0].extents)
    return lambda: run(*given, out=out)


def reshape(torch: Any, workload: Workload, given: Sequence[Any]) -> Call:
    return lambda: given[0].reshape(workload.args["to"]).clone()


def concat(torch: Any, workload: Workload, given: Sequence[Any]) -> Call:
    axis = workload.args["axis"]
    return lambda: torch.cat(list(given), axis)


def strided_slice(torch: Any, workload: Workload, given: Sequence[Any]) -> Call:
    every = tuple(slice(None, None, step) for step in workload.args["step"])
    return lambda: given[0][every].contiguous()


def pad(torch: Any, workload: Workload, given: Sequence[Any]) -> Call:
    sides = [side for width in reversed(workload.args["before"]) for side in (width, width)]
    return lambda: torch.nn.functional.pad(given[0], sides)


def gather(torch: Any, workload: Workload, given: Sequence[Any]) -> Call:
    axis = workload.args["axis"]
    return lambda: torch.index_select(given[0], axis, given[1])


def resize2d(torch: Any, workload: Workload, given: Sequence[Any]) -> Call:
    args = workload.args
    size = (args["out_height"], args["out_width"])
    return lambda: torch.nn.functional.interpolate(given[0], size, mode=args["method"])


def transpose(torch: Any, workload: Workload, given: Sequence[Any]) -> Call:
    return lambda: given[0].permute(workload.args["axes"]).contiguous()


def reduce(torch: Any, workload: Workload, given: Sequence[Any]) -> Call:
    name = {"max": "amax", "min": "amin"}.get(workload.args["by"], workload.args["by"])
    run, axes = getattr(torch, name), workload.args["axes"]
    return lambda: run(given[0], axes)


def blur(torch: Any, workload: Workload, given: Sequence[Any]) -> Call:
    image = given[0][None]
    return lambda: torch.nn.functional.avg_pool2d(image, 3, 1)[0]


CALLS: Mapping[str, Callable[[Any, Workload, Sequence[Any]], Call]] = {
    "conv1d": convolution,
    "conv3d": convolution,
    "conv2d_transpose": conv2d_transpose,
    "max_pool": pool,
    "avg_pool": pool,
    "global_pool": global_pool,
    "batch_norm": batch_norm,
    "pointwise": pointwise,
    "reshape": reshape,
    "concat": concat,
    "strided_slice": strided_slice,
    "pad": pad,
    "gather": gather,
    "transpose": transpose,
    "reduce": reduce,
    "blur": blur,
    "resize2d": resize2d,
}
