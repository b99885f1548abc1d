"""Every wrong argument is answered with one sentence that names it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tvmlab import ops
from tvmlab.errors import UsageError

WRONG: dict[str, tuple[Callable[[], Any], str]] = {
    "size zero": (
        lambda: ops.matmul(0, 4, 4),
        "matmul was given m=0; it is a whole number, 1 or more.",
    ),
    "size negative": (lambda: ops.softmax(4, -1), "softmax was given columns=-1"),
    "size a fraction": (lambda: ops.matmul(4, 2.5, 4), "matmul was given n=2.5"),  # type: ignore[arg-type]
    "size a flag": (lambda: ops.multiply_add_relu(True), "multiply_add_relu was given n=True"),
    "flag a number": (
        lambda: ops.matmul(4, 4, 4, transpose_a=1),  # type: ignore[arg-type]
        "matmul was given transpose_a=1; it is True or False.",
    ),
    "dtype": (
        lambda: ops.matmul(4, 4, 4, dtype="int16"),
        "matmul was given dtype='int16'; it is defined for float32, float64, float16, bfloat16, "
        "int8.",
    ),
    "kernel of three": (
        lambda: ops.conv2d(1, 1, 8, 8, 1, (3, 3, 3)),  # type: ignore[arg-type]
        "conv2d was given kernel=(3, 3, 3); give one number, or a pair (vertical, horizontal).",
    ),
    "kernel too large": (
        lambda: ops.conv2d(1, 1, 4, 4, 1, 5, padding="VALID"),
        "conv2d was given a kernel of 5 x 5 for a padded image of 4 x 4; use a smaller kernel or "
        "more padding.",
    ),
    "groups that do not divide": (
        lambda: ops.conv2d(1, 6, 8, 8, 9, 3, groups=2),
        "conv2d was given groups=2, which does not divide 6 and 9 channels; choose a divisor of "
        "both.",
    ),
    "dilation zero": (
        lambda: ops.conv2d(1, 1, 8, 8, 1, 3, dilation=0),
        "conv2d was given dilation=0; it is a whole number, 1 or more.",
    ),
    "stride zero": (lambda: ops.conv2d(1, 1, 8, 8, 1, 3, 0), "conv2d was given stride=0"),
    "padding unknown": (
        lambda: ops.depthwise_conv2d(1, 1, 8, 8, 3, padding="same"),
        "depthwise_conv2d was given padding='same'; give 'SAME', 'VALID', a number, ",
    ),
    "padding negative": (
        lambda: ops.conv2d(1, 1, 8, 8, 1, 3, padding=-1),
        "conv2d was given padding=-1",
    ),
    "padding of three": (
        lambda: ops.conv2d(1, 1, 8, 8, 1, 3, padding=(1, 1, 1)),
        "conv2d was given padding=(1, 1, 1)",
    ),
    "axes twice": (
        lambda: ops.transpose((4, 5, 6), (0, 1, 1)),
        "transpose was given axes=(0, 1, 1) for 3 dimension(s); give each of 0 to 2 once.",
    ),
    "axes of a fold": (
        lambda: ops.reduce((4, 5), (1, -1)),
        "reduce was given axes=(1, -1) for 2 dimension(s); give one or more of -2 to 1, each ",
    ),
    "fold unknown": (
        lambda: ops.reduce((4, 5), by="median"),
        "reduce was given by='median'; it is one of sum, mean, prod, max, min.",
    ),
    "operator misspelt": (
        lambda: ops.get("matmull"),
        "there is no operator 'matmull'; did you mean 'matmul'? there are matmul, ",
    ),
    "workload unknown": (lambda: ops.named("C13"), "there is no workload 'C13'; did you mean "),
    "shape too short": (
        lambda: ops.from_shape("matmul", [64, 64]),
        "matmul takes the shape m,n,k, and was given 64,64; give 3 numbers.",
    ),
    "shape empty": (
        lambda: ops.from_shape("softmax", []),
        "softmax takes the shape rows,columns, and was given nothing; give 2 numbers.",
    ),
    "shape too long": (
        lambda: ops.from_shape("conv2d", [1] * 8),
        "conv2d takes the shape batch,in_channels,height,width,out_channels,kernel[,stride], and "
        "was given 1,1,1,1,1,1,1,1; give 6 numbers or more.",
    ),
    "shape out of range": (
        lambda: ops.from_shape("matmul", [64, 0, 64]),
        "matmul was given n=0; it is a whole number, 1 or more.",
    ),
    "shape without extents": (
        lambda: ops.from_shape("pointwise", []),
        "pointwise takes the shape extent[,...], and was given nothing; give 1 numbers or more.",
    ),
    "function unknown": (
        lambda: ops.pointwise((4,), "sqrrt"),
        "pointwise was given function='sqrrt'; it is one of relu, neg, ",
    ),
    "function of one": (
        lambda: ops.pointwise((4,), "exp", (4,)),
        "pointwise was given other=(4,), and exp takes one array.",
    ),
    "function of floats": (
        lambda: ops.pointwise((4,), "exp", dtype="int32"),
        "pointwise was given dtype='int32'; exp takes floats.",
    ),
    "no broadcast": (
        lambda: ops.pointwise((4, 3), "add", (4,)),
        "add was given shapes [4, 3] and [4], which do not broadcast; each extent must be equal",
    ),
    "reshape to more": (
        lambda: ops.reshape((4, 3), (5, 3)),
        "reshape was asked for [5, 3], 15 elements, of an input of [4, 3], which has 12.",
    ),
    "reshape by no factor": (
        lambda: ops.reshape((4, 3), (5, -1)),
        "reshape was asked for [5, 2], 10 elements, of an input of [4, 3], which has 12.",
    ),
    "concat apart": (
        lambda: ops.concat((4, 3), [(5, 2)], axis=1),
        "concat was given shapes [4, 3] and [5, 2]; they may differ along axis 1 only.",
    ),
    "axis": (
        lambda: ops.gather((4, 3), axis=2),
        "gather was given axis=2 of 2 dimension(s); it is from -2 to 1.",
    ),
    "slice of nothing": (
        lambda: ops.strided_slice((4, 3), (0, 3)),
        "strided_slice was given begin=(0, 3) and end=None of [4, 3]; each begin is below its end",
    ),
    "slice of another rank": (
        lambda: ops.strided_slice((4, 3), 0, (4,)),
        "strided_slice was given begin=0, end=(4,) and step=1 of 2 dimension(s); give a number",
    ),
    "padding below zero": (
        lambda: ops.pad((4, 3), (1, -1)),
        "pad was given before=(1, -1) for 2 dimension(s); give one number, 0 or more, or one for",
    ),
    "resize method": (
        lambda: ops.resize2d(1, 1, 2, 2, 4, 4, method="cubic"),
        "resize2d was given method='cubic'; it is one of nearest, bilinear.",
    ),
    "no image": (
        lambda: ops.max_pool((4, 3)),
        "max_pool was given shape=[4, 3]; it has a batch, channels, and one to three extents of",
    ),
    "no channels": (
        lambda: ops.batch_norm((4,)),
        "batch_norm was given shape=[4]; it has a batch and channels at least.",
    ),
    "fold": (
        lambda: ops.global_pool((1, 3, 2), "sum"),
        "global_pool was given fold='sum'; it is mean or max.",
    ),
    "groups": (
        lambda: ops.conv1d(1, 4, 8, 6, 3, groups=4),
        "conv1d was given groups=4, which does not divide 4 and 6 channels; choose a divisor",
    ),
    "kernel of two for a volume": (
        lambda: ops.conv3d(1, 1, 8, 8, 8, 1, (3, 3)),
        "conv3d was given kernel=(3, 3); give one number, or a tuple of 3.",
    ),
    "signal too short": (
        lambda: ops.conv1d(1, 1, 4, 1, 3, padding="VALID", dilation=2),
        "conv1d was given a kernel of 5 for a padded image of 4; use a smaller kernel",
    ),
    "nothing left": (
        lambda: ops.conv2d_transpose(1, 1, 2, 2, 1, 2, padding=2),
        "conv2d_transpose was given padding=2, which leaves nothing of 3 x 3; use less.",
    ),
    "argument unknown": (
        lambda: ops.get("matmul")(m=1, n=1, k=1, rows=3),
        "matmul does not take 'rows'; it takes m, n, k, transpose_a, dtype.",
    ),
    "argument missing": (
        lambda: ops.get("matmul")(m=1, n=1),
        "matmul lacks 'k'; it takes m, n, k, transpose_a, dtype.",
    ),
    "reference of too few": (
        lambda: ops.matmul(2, 2, 2).reference(np.ones((2, 2))),
        "matmul(m=2, n=2, k=2, transpose_a=False, dtype='float32') takes 2 arrays (A, B), and was "
        "given 1.",
    ),
    "reference of a wrong shape": (
        lambda: ops.softmax(2, 3).reference(np.ones((3, 2))),
        "softmax(rows=2, columns=3, dtype='float32') takes A of shape [2, 3], and was given an "
        "array of shape [3, 2].",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_mistakes_are_answered_with_a_sentence(name: str) -> None:
    ask, words = WRONG[name]
    with pytest.raises(UsageError) as caught:
        ask()
    assert str(caught.value).startswith(words)
    assert "\n" not in str(caught.value)


def test_shapes_fill_arguments_in_order() -> None:
    workload = ops.from_shape("conv2d", [1, 3, 8, 8, 4, 3, 2])
    assert workload.args["stride"] == 2
    assert workload.key == ops.conv2d(1, 3, 8, 8, 4, 3, 2).key
    assert ops.from_shape("matmul", [2, 3, 4]).key == ops.matmul(2, 3, 4).key


def test_operators_describe_themselves() -> None:
    for operator in ops.OPERATORS.values():
        assert operator.summary.endswith(".")
        assert {name.removeprefix("*") for name in operator.shape} <= set(operator.parameters)
    assert ops.get("softmax").usage == "rows,columns"
    assert ops.get("pad").usage == "extent[,...]"


def test_a_shape_takes_all_numbers() -> None:
    assert ops.from_shape("max_pool", [1, 3, 8, 8]).key == ops.max_pool((1, 3, 8, 8)).key
