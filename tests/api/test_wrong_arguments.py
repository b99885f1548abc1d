"""What a learner gets wrong when calling a public function ends in one sentence of ours."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tvmlab as t

A = t.placeholder((4, 4), name="A")
B = t.compute((4, 4), lambda y, x: A[y, x] * 2, name="B")
K = t.reduce_axis((0, 4), name="k")

WRONG = (
    None, -1, 2.5, float("nan"), 10**30, "x", b"y", [], (4, "a"), {"a": 1}, np.zeros((2, 2)),
    np.float32(3), A, K, object(), int, np,
)  # fmt: skip

# They begin processes, or change this one for the tests that come after.
APART = {
    "Lab", "Run", "figure", "load_ipython_extension", "set_affinity", "set_compile_limit",
    "set_num_threads", "tune",
}  # fmt: skip

PUBLIC = [
    name
    for name in t.__all__
    if name not in APART
    and callable(getattr(t, name))
    and not (inspect.isclass(getattr(t, name)) and issubclass(getattr(t, name), BaseException))
]


def is_the_call_itself(error: TypeError) -> bool:
    """Whether Python refused the call: so many arguments, or of such a name, are not taken."""
    return "argument" in str(error) and "()" in str(error)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", PUBLIC)
def test_whatever_is_given_ends_in_a_sentence(name: str) -> None:
    function: Callable[..., Any] = getattr(t, name)
    calls = [(), *((value,) for value in WRONG)]
    calls += [(first, value) for first in (B, (4, 4)) for value in WRONG]
    for arguments in calls:
        try:
            function(*arguments)
        except t.TvmlabError:
            pass
        except TypeError as error:
            if not is_the_call_itself(error):
                raise AssertionError(f"{name}{arguments}") from error


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: t.compute((4,), 3, name="C"), "give a function, such as"),
        (lambda: t.compute((4,), lambda i: A[i, 0], name="C", axes=3), "no names of axes"),
        (lambda: t.placeholder(np.zeros((2, 2)), name="A"), "must be a positive integer"),
        (lambda: t.const("x", "int32"), "cannot stand in a tensor expression"),
        (lambda: t.const(A[0, 0], "int32"), "is no number"),
        (lambda: t.const(1, "int31"), "'int31' is not known"),
        (lambda: t.max_value("flaot32"), "'flaot32' is not known"),
        (lambda: t.empty(10**30), "more than any machine holds"),
        (lambda: t.exercise(np.zeros(3)), "exercise"),
        (lambda: t.load(None), "the library was given as None; name its file"),
        (lambda: t.read_log(3), "the log was given as 3"),
        (lambda: t.attach(3), "the database was given as 3"),
        (lambda: t.parse_program(None), "None is no program's text"),
        (lambda: t.replay(B, 3), "3 is no trace"),
        (lambda: t.with_constants(B, ["A"]), "give their names"),
        (lambda: t.tune_model("resnet"), "'resnet' is no model; give a graph"),
        (lambda: t.set_affinity(0), "give the numbers of cores as a list"),
        (lambda: t.Lab(B, trace=3), "3 is no trace"),
        (lambda: t.Lab(B, run=3), "3 is no tuning run"),
    ],
)
def test_it_says_what_to_give(call: Callable[[], object], words: str) -> None:
    with pytest.raises(t.TvmlabError, match=words) as told:
        call()
    assert "\n" not in str(told.value)
