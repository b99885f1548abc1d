import copy
import json
import math
import random
import subprocess
import sys

import pytest

import tvmlab.te as te
from tests.fuzz.expressions import random_expression
from tvmlab.errors import ExpressionError, TraceError
from tvmlab.ir import equal
from tvmlab.ir.expr import Var, cast, const, select
from tvmlab.ir.parse import parse_program
from tvmlab.te.naive import lower_naive
from tvmlab.te.serial import from_json, to_json, workload_hash
from tvmlab.te.tensor import Tensor
from tvmlab.te.workload_reader import MAX_DEPTH


def product() -> Tensor:
    A = te.placeholder((4, 8), name="A")
    B = te.placeholder((4, 2), name="B")
    k = te.reduce_axis((0, 4), name="k")
    return te.compute((8, 2), lambda y, x: te.sum(A[k, y] * B[k, x], axis=k), name="C")


PRODUCT = {
    "tvmlab_te": 1,
    "tensors": [
        {"name": "A", "shape": [4, 8], "dtype": "float32"},
        {"name": "B", "shape": [4, 2], "dtype": "float32"},
        {
            "name": "C",
            "axes": [["y", 8], ["x", 2]],
            "reduce": {"by": "sum", "axes": [["k", 0, 4]]},
            "body": [
                "*",
                ["load", 0, [["axis", 2], ["axis", 0]]],
                ["load", 1, [["axis", 2], ["axis", 1]]],
            ],
        },
    ],
    "outputs": [2],
}


def test_the_form_is_this():
    assert to_json(product()) == PRODUCT


def test_a_promise_about_an_input_is_kept():
    for promises in (["finite"], ["constant"], ["constant", "finite"]):
        A = te.placeholder((4,), name="A", **dict.fromkeys(promises, True))
        workload = to_json(te.compute((4,), lambda i, A=A: A[i] * 2, name="B"))
        assert workload["tensors"][0] == {
            "name": "A", "shape": [4], "dtype": "float32", **dict.fromkeys(promises, True)
        }  # fmt: skip
        (back,) = from_json(workload)
        assert to_json(back) == workload
        text = str(lower_naive([back]))
        assert f"A: {'('.join([*promises, 'float32[4]'])}{')' * len(promises)}" in text
        assert equal(parse_program(text), lower_naive([back]))


def test_a_promise_is_true_or_false():
    A = te.placeholder((4,), name="A", finite=True)
    workload = to_json(te.compute((4,), lambda i: A[i] * 2, name="B"))
    for promise in ("finite", "constant"):
        spoiled = copy.deepcopy(workload)
        spoiled["tensors"][0][promise] = 1
        with pytest.raises(TraceError, match=promise):
            from_json(spoiled)


def test_round_trip_gives_an_equal_program():
    for seed in range(150):
        outputs = [random_expression(random.Random(seed))]
        workload = json.loads(json.dumps(to_json(outputs)))
        back = from_json(workload)
        assert equal(lower_naive(outputs), lower_naive(back))
        assert str(lower_naive(outputs)) == str(lower_naive(back))
        assert to_json(back) == workload


def test_several_outputs_share_their_tensors():
    A = te.placeholder((4,), name="A")
    P = te.compute((4,), lambda i: A[i] * 2, name="P")
    Q = te.compute((4,), lambda i: P[i] + P[3 - i], name="Q")
    first, second = from_json(to_json([Q, P]))
    assert (first.name, second.name) == ("Q", "P")
    assert str(lower_naive([first, second])) == str(lower_naive([Q, P]))
    assert len(to_json([Q, P])["tensors"]) == 3


def test_floats_survive_exactly():
    A = te.placeholder((1,), "float64", name="A")
    values = [0.1, 1e-320, 1e300, math.inf, -math.inf, -0.0, 16777217.0]
    for value in values:
        C = te.compute((1,), lambda i, value=value: A[i] + const(value, "float64"), name="C")
        text = json.dumps(to_json(C), allow_nan=False)
        (back,) = from_json(json.loads(text))
        assert repr(back.body.b.value) == repr(value)
    C = te.compute((1,), lambda i: A[i] + math.nan, name="C")
    (back,) = from_json(json.loads(json.dumps(to_json(C), allow_nan=False)))
    assert math.isnan(back.body.b.value)


def test_every_kind_of_expression_is_written():
    A = te.placeholder((4,), "float32", name="A")
    I = te.placeholder((4,), "int32", name="I")  # noqa: E741
    C = te.compute(
        (4,),
        lambda i: select(
            (A[i] > 0) & ~(I[i] == 3),
            te.pow(A[I[i]], 2.0) + cast("float32", I[i] % 3),
            te.max(A[i], te.exp(A[i] / 2)),
        ),
        name="C",
    )
    (back,) = from_json(to_json(C))
    assert str(lower_naive([back])) == str(lower_naive([C]))


def test_the_hash_knows_content_not_order_of_keys():
    turned = json.loads(json.dumps(PRODUCT), object_pairs_hook=lambda p: dict(reversed(p)))
    assert workload_hash(turned) == workload_hash(PRODUCT)
    other = copy.deepcopy(PRODUCT)
    other["tensors"][0]["shape"] = [4, 9]
    assert workload_hash(other) != workload_hash(PRODUCT)
    assert len(workload_hash(PRODUCT)) == 64


def test_the_hash_is_the_same_in_every_process():
    code = (
        "import json, sys; from tvmlab.te.serial import workload_hash; "
        "print(workload_hash(json.loads(sys.argv[1])))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(PRODUCT)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "7", "PYTHONPATH": "."},
    )
    assert done.stdout.strip() == workload_hash(PRODUCT)


def changed(*path_and_value: object) -> dict:
    """PRODUCT with the value at a path exchanged."""
    *path, last, value = path_and_value
    workload = copy.deepcopy(PRODUCT)
    place = workload
    for step in path:
        place = place[step]
    place[last] = value
    return workload


LOAD = ["load", 0, [["axis", 2], ["axis", 0]]]
DEEP: list = ["axis", 0]
for _ in range(MAX_DEPTH + 1):
    DEEP = ["+", DEEP, ["axis", 0]]

MALFORMED = {
    "not an object": ([], "the workload is .*, not an object"),
    "null": (None, "the workload is None, not an object"),
    "version": (changed("tvmlab_te", 2), "has format version 2, and this tvmlab reads version 1"),
    "missing": ({"tvmlab_te": 1}, "the workload lacks 'tensors'"),
    "extra": (changed("more", 1), "has the unknown field 'more'"),
    "tensors": (changed("tensors", 3), "the workload's tensors has 3 where a list is due"),
    "tensor": (changed("tensors", 0, 3), "tensor 0 is 3, not an object"),
    "extra in a tensor": (changed("tensors", 0, "scope", "x"), "tensor 0 has the unknown field"),
    "name": (changed("tensors", 0, "name", "a b"), "tensor 0 .* is not an identifier"),
    "name's type": (changed("tensors", 0, "name", 3), "tensor 0 has 3 where a string is due"),
    "dtype": (changed("tensors", 0, "dtype", "float8"), "dtype 'float8' is not known"),
    "shape": (changed("tensors", 0, "shape", [0, 8]), "every extent must be a positive integer"),
    "shape's type": (changed("tensors", 0, "shape", "48"), "has '48' where a list is due"),
    "float extent": (changed("tensors", 0, "shape", [4.0, 8]), "4.0 where an integer is due"),
    "true extent": (changed("tensors", 0, "shape", [True, 8]), "True where an integer is due"),
    "huge": (changed("tensors", 0, "shape", [2**50, 8]), "more than any memory holds"),
    "axis": (changed("tensors", 2, "axes", [["y"], ["x", 2]]), "where a list of 2 is due"),
    "axis extent": (changed("tensors", 2, "axes", [["y", "8"], ["x", 2]]), "'8' of the wrong type"),
    "axis name": (changed("tensors", 2, "axes", [["for", 8], ["x", 2]]), "not an identifier"),
    "axes of one name": (changed("tensors", 2, "axes", [["x", 8], ["x", 2]]), "two axes of one na"),
    "too few axes": (changed("tensors", 2, "axes", [["y", 8]]), r"uses axis 2, and has 2 of them"),
    "reducer": (changed("tensors", 2, "reduce", "by", "mean"), "reduced by 'mean', which is not"),
    "reduce axis": (changed("tensors", 2, "reduce", "axes", [["k", 4]]), "a list of 3 is due"),
    "reduce extent": (
        changed("tensors", 2, "reduce", "axes", [["k", 0, 0]]),
        "the end behind",
    ),
    "no reduce axis": (changed("tensors", 2, "reduce", "axes", []), "uses axis 2, and has 2"),
    "body": (changed("tensors", 2, "body", 3), "has 3 where an expression"),
    "empty body": (changed("tensors", 2, "body", []), "where an expression"),
    "kind": (changed("tensors", 2, "body", ["exec", "1"]), "of kind 'exec', which is not known"),
    "operands": (changed("tensors", 2, "body", ["+", LOAD]), "a list of 3 is due"),
    "dtypes": (
        changed("tensors", 2, "body", ["*", LOAD, ["const", "int32", 1]]),
        r"joins float32 and int32 by '\*'",
    ),
    "self": (changed("tensors", 2, "body", ["load", 2, [["axis", 0], ["axis", 1]]]), "not defined"),
    "later": (changed("tensors", 2, "body", ["load", 9, [["axis", 0]]]), "refers to tensor 9"),
    "negative": (changed("tensors", 2, "body", ["load", -1, [["axis", 0]]]), "refers to tensor -1"),
    "rank": (changed("tensors", 2, "body", ["load", 0, [["axis", 0]]]), "was indexed with 1"),
    "outside": (
        changed("tensors", 2, "body", ["load", 0, [["axis", 0], ["axis", 0]]]),
        r"outside 0\.\.3",
    ),
    "function": (changed("tensors", 2, "body", ["call", "system", [LOAD]]), "'system' is not kn"),
    "arity": (changed("tensors", 2, "body", ["call", "exp", [LOAD, LOAD]]), "takes 1 argument"),
    "cast": (changed("tensors", 2, "body", ["cast", "str", LOAD]), "dtype 'str' is not known"),
    "constant": (changed("tensors", 2, "body", ["const", "float32", "one"]), "'one' where a float"),
    "big constant": (changed("tensors", 2, "body", ["const", "int8", 300]), "does not fit dtype"),
    "text constant": (changed("tensors", 2, "body", ["const", "int8", "3"]), "an integer is due"),
    "condition": (
        changed("tensors", 2, "body", ["select", LOAD, LOAD, LOAD]),
        "select needs a condition",
    ),
    "deep": (changed("tensors", 2, "body", DEEP), "or 200 levels"),
    "outputs": (changed("outputs", [7]), "an output refers to tensor 7"),
    "output": (changed("outputs", ["C"]), "an output has 'C' where an integer is due"),
    "no outputs": (changed("outputs", []), "the outputs are empty"),
    "output twice": (changed("outputs", [2, 2]), "name a tensor twice"),
    "placeholder output": (changed("outputs", [0]), "A is a placeholder and computes nothing"),
    "unused": (
        changed("tensors", [*PRODUCT["tensors"], {"name": "Z", "shape": [1], "dtype": "int8"}]),
        "lists tensors that no output needs",
    ),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_workloads_are_refused_in_a_sentence(name):
    workload, words = MALFORMED[name]
    with pytest.raises(TraceError, match=words) as caught:
        from_json(workload)
    message = str(caught.value)
    assert message.endswith(".")
    assert len(message) < 400


def test_damage_of_any_kind_is_refused_or_harmless():
    """Values exchanged at random give a workload or a TraceError, never anything else."""
    rng = random.Random(0)
    junk = [None, True, -1, 0, 3, 2**70, 1.5, math.nan, "", "x", "float32", [], {}, ["axis", 0],
            ["load", 0, []], ["const", "float32", "1e999"], [[[]]], "*"]  # fmt: skip
    refused = 0
    for _ in range(3000):
        workload = copy.deepcopy(PRODUCT)
        place: object = workload
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            key = rng.choice(keys)
            if not isinstance(place[key], (dict, list)) or not place[key] or rng.random() < 0.2:
                break
            place = place[key]
        place[key] = rng.choice(junk)
        try:
            from_json(workload)
        except TraceError:
            refused += 1
    assert refused > 2000


def test_a_nest_too_deep_to_read_back_is_not_written():
    A = te.placeholder((4,), name="A")

    def element(i: Var) -> object:
        value = A[i]
        for _ in range(MAX_DEPTH + 1):
            value = value + A[i]
        return value

    with pytest.raises(ExpressionError, match="C nests expressions more than 200 deep"):
        to_json(te.compute((4,), element, name="C"))


def test_a_symbolic_size_is_not_written():
    A = te.placeholder((4,), "int64", name="A")
    C = te.compute((4,), lambda i: A[i] + Var("n"), name="C")
    with pytest.raises(ExpressionError, match="C uses variable 'n', which is none of its axes"):
        to_json(C)
