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
        lambda: ops.matmul(4, 4, 4, dtype="int8"),
        "matmul was given dtype='int8'; it is defined for float32 and float64.",
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
    "operator misspelt": (
        lambda: ops.get("matmull"),
        "there is no operator 'matmull'; did you mean 'matmul'? known are matmul, ",
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
        assert set(operator.shape) <= set(operator.parameters)
    assert ops.get("softmax").usage == "rows,columns"
