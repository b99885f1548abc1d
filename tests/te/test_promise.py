"""What is promised of a graph's inputs afterwards."""

from __future__ import annotations

from typing import Any

import pytest

import tvmlab as t
from tvmlab.errors import UsageError
from tvmlab.te.graph import inputs
from tvmlab.te.promise import promise_constants, without_constants


def product() -> t.Tensor:
    A, W = t.placeholder((4,), name="A"), t.placeholder((4,), name="W")
    return t.compute((4,), lambda i: A[i] * W[i], name="Y")


def test_inputs_are_promised_by_name_and_released() -> None:
    promised = promise_constants(product(), {"W": None})
    assert [t.constant for t in inputs(promised)] == [False, True]
    assert not any(t.constant for t in inputs(without_constants(promised)))


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ("W", "names no inputs; give their names"),
        (7, "names no inputs; give their names"),
        (None, "names no inputs; give their names"),
        ([1], "names no inputs; give their names"),
        ([], "no input was named; name those that stay the same, of A, W"),
        (["V"], "Y has no input 'V'; name those that stay the same, of A, W"),
    ],
)
def test_what_names_no_input_is_told(names: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        promise_constants(product(), names)
