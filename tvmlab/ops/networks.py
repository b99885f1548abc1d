"""Workloads with a name in the literature, so that results can be compared.

C1 to C12: the convolutions of ResNet-18 at batch 1, and D1 to D9: those of MobileNet by channel,
all with padding SAME, from table 1 of Chen et al., Learning to Optimize Tensor Programs
(arXiv 1805.08166). `headline` is the product that opens tvmlab's documentation; `heads` are the
scores of a 12-headed attention over 128 positions; `conv_bias_relu` is the first convolution of
MobileNet by point; `gemm16` and `gemv` are layers of 4096 features at a batch of 16 and of 1,
`dense16` and `dense1` these with weights that stand in panels; the others are the sizes that
measurements are given for, or one size each as networks have it: the first pooling and the last of
ResNet, a layer of a speech model, of a video model and of a generator, an embedding.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tvmlab.errors import UsageError
from tvmlab.ops.registry import get, unknown
from tvmlab.ops.workload import Workload

_RESNET18 = {
    # name: height and width, input channels, output channels, kernel, stride
    "C1": (224, 3, 64, 7, 2),
    "C2": (56, 64, 64, 3, 1),
    "C3": (56, 64, 64, 1, 1),
    "C4": (56, 64, 128, 3, 2),
    "C5": (56, 64, 128, 1, 2),
    "C6": (28, 128, 128, 3, 1),
    "C7": (28, 128, 256, 3, 2),
    "C8": (28, 128, 256, 1, 2),
    "C9": (14, 256, 256, 3, 1),
    "C10": (14, 256, 512, 3, 2),
    "C11": (14, 256, 512, 1, 2),
    "C12": (7, 512, 512, 3, 1),
}
_MOBILENET = {
    # name: channels, height and width, stride
    "D1": (32, 112, 1),
    "D2": (64, 112, 2),
    "D3": (128, 56, 1),
    "D4": (128, 56, 2),
    "D5": (256, 28, 1),
    "D6": (256, 28, 2),
    "D7": (512, 14, 1),
    "D8": (512, 14, 2),
    "D9": (1024, 7, 1),
}

NAMED: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "headline": ("matmul", {"m": 1024, "n": 1024, "k": 1024, "transpose_a": True}),
    **{f"gemm{size}": ("matmul", dict.fromkeys("mnk", size)) for size in (512, 1024, 2048)},
    "gemm16": ("matmul", {"m": 16, "n": 4096, "k": 4096}),
    "gemv": ("matmul", {"m": 1, "n": 4096, "k": 4096}),
    "dense16": ("dense", {"m": 16, "n": 4096, "k": 4096, "panel": 48}),
    "dense1": ("dense", {"m": 1, "n": 4096, "k": 4096, "panel": 48}),
    "u8s8": ("narrow_matmul", {"m": 1024, "n": 1024, "k": 1024, "dtype": "uint8"}),
    "bf16": ("narrow_matmul", {"m": 1024, "n": 1024, "k": 1024, "dtype": "bfloat16"}),
    "heads": ("batch_matmul", {"batch": 12, "m": 128, "n": 128, "k": 64}),
    **{
        name: (
            "conv2d",
            {
                "batch": 1, "in_channels": ic, "height": hw, "width": hw,
                "out_channels": oc, "kernel": k, "stride": s,
            },
        )
        for name, (hw, ic, oc, k, s) in _RESNET18.items()
    },
    **{
        name: (
            "depthwise_conv2d",
            {"batch": 1, "channels": c, "height": hw, "width": hw, "kernel": 3, "stride": s},
        )
        for name, (c, hw, s) in _MOBILENET.items()
    },
    "attention": ("attention", {"batch": 1, "heads": 12, "queries": 128, "features": 64}),
    "depthwise_bn_relu": (
        "depthwise_bn_relu",
        {"batch": 1, "channels": 128, "height": 56, "width": 56, "kernel": 3},
    ),
    "conv_bias_relu": (
        "conv2d_bias_relu",
        {
            "batch": 1, "in_channels": 32, "height": 112, "width": 112, "out_channels": 64,
            "kernel": 1,
        },
    ),
    "softmax": ("softmax", {"rows": 4096, "columns": 1024}),
    "lstm_cell": ("lstm_cell", {"hidden": 256}),
    "gru": ("gru", {"steps": 128, "hidden": 256}),
    "lstm": ("lstm", {"steps": 128, "hidden": 256}),
    "layer_norm": ("layer_norm", {"rows": 4096, "columns": 1024}),
    "chain": ("multiply_add_relu", {"n": 1 << 24}),
    "row_sum": ("reduce", {"shape": (4096, 4096)}),
    "transpose": ("transpose", {"shape": (2048, 2048)}),
    "blur": ("blur", {"height": 2048, "width": 2048}),
    "gelu": ("pointwise", {"shape": (1 << 22,), "function": "gelu"}),
    "add": ("pointwise", {"shape": (1024, 4096), "function": "add", "other": (4096,)}),
    "batch_norm": ("batch_norm", {"shape": (1, 64, 112, 112)}),
    "conv1d": (
        "conv1d",
        {"batch": 1, "in_channels": 128, "width": 1024, "out_channels": 128, "kernel": 3},
    ),
    "conv3d": (
        "conv3d",
        {
            "batch": 1, "in_channels": 16, "depth": 16, "height": 56, "width": 56,
            "out_channels": 32, "kernel": 3,
        },
    ),
    "conv2d_transpose": (
        "conv2d_transpose",
        {
            "batch": 1, "in_channels": 128, "height": 28, "width": 28, "out_channels": 64,
            "kernel": 4, "stride": 2, "padding": 1,
        },
    ),
    "max_pool": (
        "max_pool", {"shape": (1, 64, 112, 112), "kernel": 3, "stride": 2, "padding": 1},
    ),
    "avg_pool": ("avg_pool", {"shape": (1, 64, 112, 112), "kernel": 2}),
    "global_pool": ("global_pool", {"shape": (8, 512, 7, 7)}),
    "bilinear": (
        "resize2d",
        {
            "batch": 1, "channels": 64, "height": 56, "width": 56, "out_height": 112,
            "out_width": 112,
        },
    ),
    "nearest": (
        "resize2d",
        {
            "batch": 1, "channels": 64, "height": 56, "width": 56, "out_height": 112,
            "out_width": 112, "method": "nearest",
        },
    ),
    "reshape": ("reshape", {"shape": (64, 56, 56)}),
    "concat": ("concat", {"shape": (1, 64, 56, 56), "axis": 1}),
    "strided_slice": ("strided_slice", {"shape": (64, 112, 112), "step": (1, 2, 2)}),
    "pad": ("pad", {"shape": (64, 112, 112), "before": (0, 1, 1)}),
    "gather": ("gather", {"shape": (30000, 768), "indices": (512,)}),
}  # fmt: skip
"""Name -> operator and its arguments."""


def named(name: str) -> Workload:
    """The workload of that name in `NAMED`.

    Raises:
        UsageError: there is none.
    """
    if name not in NAMED:
        raise UsageError(unknown("workload", name, list(NAMED)))
    operator, args = NAMED[name]
    return get(operator)(**args)
