"""Expressions are known by what they compute, not by their names."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.ops.shapes import SMALL, label
from tvmlab import ops, te
from tvmlab.errors import UsageError
from tvmlab.ops import AVX2, Workload
from tvmlab.schedule import create_schedule
from tvmlab.te.serial import from_json, to_json


@pytest.mark.parametrize("workload", SMALL, ids=label)
def test_what_the_library_makes_gets_its_template(workload: Workload) -> None:
    outputs = from_json(to_json(workload.tensors))
    assert ops.template_for(outputs).name == workload.template().name


@pytest.mark.parametrize(
    "workload", [w for w in SMALL if w.template().kind != "generic"], ids=label
)
def test_what_the_library_makes_is_recognised(workload: Workload) -> None:
    found = ops.recognise(from_json(to_json(workload.tensors)))
    assert found is not None
    assert found.key == workload.key


def product(swap: bool = False) -> te.Tensor:
    left, right = te.placeholder((8, 4), name="left"), te.placeholder((8, 6), name="right")
    depth = te.reduce_axis((0, 8), name="depth")
    return te.compute(
        (4, 6),
        lambda i, j: te.sum(
            right[depth, j] * left[depth, i] if swap else left[depth, i] * right[depth, j],
            axis=depth,
        ),
        name="result",
    )


def test_names_do_not_matter() -> None:
    found = ops.recognise(product())
    assert found is not None
    assert str(found) == "matmul(m=4, n=6, k=8, transpose_a=True, dtype='float32')"
    template = ops.template_for(product())
    assert template.name == "matmul/cpu/32x512bit"
    schedule = create_schedule(product())
    template.apply(schedule, template.default(schedule.outputs))
    assert schedule.mod.name == "result"


def test_other_expressions_get_the_generic_template() -> None:
    assert ops.recognise(product(swap=True)) is None
    assert ops.template_for(product(swap=True)).name == "generic/cpu/32x512bit"


def test_two_outputs_are_no_operator() -> None:
    a = te.placeholder((4, 4), name="A")
    b = te.compute((4, 4), lambda i, j: a[i, j] + 1.0, name="B")
    c = te.compute((4, 4), lambda i, j: b[i, j] * 2.0, name="C")
    assert ops.recognise([b, c]) is None


def test_templates_are_found_by_name_in_another_process() -> None:
    names = [ops.get(name).template(AVX2).name for name in ops.OPERATORS]
    names.append(ops.template_for(product(swap=True)).name)
    names += [ops.template_for(product(swap=True), target).name for target in ("opencl", "cuda")]
    names.append(ops.conv2d(1, 1, 3, 3, 1, 3).template("cuda").name)
    code = (
        "import sys; from tvmlab.ops import template_named\n"
        "for name in sys.argv[1:]: print(template_named(name).name)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *names], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == names


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("matmull/cpu/32x512bit", "there is no template 'matmull/cpu/32x512bit'"),
        ("", "there is no template ''"),
        ("matmul/abacus/32x512bit", "there are no templates for the target 'abacus'"),
        ("matmul/cpu", "'' does not describe vector registers"),
        ("matmul/cpu/many", "'many' does not describe vector registers"),
    ],
)
def test_unknown_template_names(name: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        ops.template_named(name)
    assert str(caught.value).startswith(words)


def test_templates_for_other_targets_are_refused() -> None:
    for ask in (
        lambda: ops.template_for(product(), "abacus"),
        lambda: ops.matmul(4, 4, 4).template("abacus"),
        lambda: ops.template_named("matmul/cuda/32x512bit"),
    ):
        with pytest.raises(UsageError, match=r"'abacus'|'matmul/cuda"):
            ask()
