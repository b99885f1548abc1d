"""What is printed can be read: the same text again, and an equal program."""

from __future__ import annotations

import random
import re

import numpy as np
import pytest

import tvmlab as t
from tests.fuzz.expressions import random_expression
from tests.fuzz.traces import random_state
from tests.ir.plain import plain
from tests.ir.programs import product, softmax
from tests.ir.test_printer import LOWERED, PRODUCT, SOFTMAX
from tvmlab.arith.declared import verify_declared
from tvmlab.errors import ParseError
from tvmlab.ir import equal
from tvmlab.ir.interpret import interpret
from tvmlab.ir.parse import parse_program
from tvmlab.ir.program import Allocate, Program
from tvmlab.ir.walk import blocks
from tvmlab.lower.pipeline import lower, lower_stages
from tvmlab.measure.compare import compare
from tvmlab.schedule import State, replay_python
from tvmlab.te.evaluate import evaluate, random_inputs
from tvmlab.te.tensor import Tensor

SEEDS = 160
PARTS = 4


def _round_trip(program: Program) -> Program:
    text = str(program)
    again = parse_program(text)
    assert str(again) == text
    assert equal(plain(again), plain(program)), text
    assert again.name == program.name
    verify_declared(again)
    return again


@pytest.mark.parametrize("part", range(PARTS))
def test_random_programs_read_back(part: int) -> None:
    for seed in range(part, SEEDS, PARTS):
        rng = random.Random(seed)
        state = random_state(State.start(random_expression(rng)), rng, rng.randint(1, 8))
        _round_trip(state.program)
        _round_trip(lower(state.program))


@pytest.mark.parametrize("seed", range(6))
def test_every_stop_of_lowering_reads_back(seed: int) -> None:
    rng = random.Random(seed)
    state = random_state(State.start(random_expression(rng)), rng, 6)
    for _, program in lower_stages(state.program):
        text = str(program)
        assert str(parse_program(text)) == text


def test_an_extent_that_the_text_leaves_unsaid_is_said() -> None:
    """Of a packed buffer neither an index nor a binding tells how far the block goes."""
    a = t.placeholder((5, 3), name="A")
    p = t.compute((5, 3), lambda i, j: a[i, j] + 1, name="P")
    s = t.create_schedule(t.compute((5,), lambda i: p[i, 1] * 2, name="C"))
    s["P"].compute_at("C", "i")
    s["P"].transform_layout("P", "i, j -> i, j // 2, j % 2")
    assert "vj=spatial(1, 3)" in str(s)
    _round_trip(s.mod)


def test_goldens_read_back() -> None:
    assert equal(parse_program(PRODUCT), product())
    assert equal(parse_program(SOFTMAX), softmax())
    lowered = parse_program(LOWERED)
    assert str(lowered) == LOWERED
    assert not list(blocks(lowered.body))


def test_a_program_that_was_read_computes_the_same() -> None:
    tensor = random_expression(random.Random(3))
    program = parse_program(str(State.start(tensor).program))
    given = random_inputs([tensor], 0)
    (expected,) = evaluate([tensor], given)
    output = np.zeros(program.params[-1].extents, program.params[-1].dtype)
    interpret(program, [*given.values(), output])
    assert compare(output, expected.value, expected.bound, expected.name)


def test_what_the_text_leaves_unsaid_is_found() -> None:
    state = State.start(_row_sum())
    state = replay_python(state, 'ko, ki = s["T"].split("k", 4)\nyo, yi = s["T"].split("y", 2)')
    (block,) = blocks(parse_program(str(state.program)).body)
    assert [it.extent for it in block.iters] == [3, 10]
    assert [it.kind for it in block.iters] == ["spatial", "reduce"]
    assert [r.buffer.name for r in (*block.reads, *block.writes)] == ["A", "T"]


def _row_sum() -> Tensor:
    a = t.placeholder((3, 10), name="A")
    k = t.reduce_axis((0, 10), name="k")
    return t.compute((3,), lambda y: t.sum(a[y, k], axis=k), name="T")


def test_an_allocation_lives_to_the_end_of_its_lines() -> None:
    text = (
        "def f(A: float32[4], B: float32[4]):\n"
        "    for i in range(4):\n"
        '        acc = allocate(float32[1], scope="register")\n'
        "        acc[0] = A[i]\n"
        "        B[i] = acc[0]"
    )
    program = parse_program(text)
    assert isinstance(program.body.body, Allocate)
    assert program.body.body.buffer.scope == "register"
    assert str(program) == text


HEAD = "def f(A: float32[8], B: float32[8]):\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not one program"),
        ("import os", "not one program"),
        ("def f(A: float32[8]:", "line 1"),
        ("def f(A):\n    A[0] = 1.0", "line 1 .* no type"),
        ("def f(A: float31[8]):\n    A[0] = 1.0", "not a dtype"),
        ("def f(A: float32[0]):\n    A[0] = 1.0", "positive integer"),
        ("def f(A: float32[8], A: float32[8]):\n    A[0] = 1.0", "two parameters"),
        ("def f(A: float32[8], *B):\n    A[0] = 1.0", "buffers only"),
        (HEAD + "    pass", "line 2 .*'pass' is no statement"),
        (HEAD + "    __import__('os').system('true')", "line 2 .* no statement"),
        (HEAD + "    x += 3", "line 2 .* no statement"),
        (HEAD + "    x = 3", "line 2 .* nothing stands in these lines"),
        (HEAD + "    for i in spiral(8):\n        B[i] = A[i]", "line 2 .*range, parallel"),
        (HEAD + "    for i in range(2, 8):\n        B[i] = A[i]", "line 2"),
        (HEAD + "    for i in range(8):\n        B[j] = A[i]", "line 3 .*no variable 'j'.* are i"),
        (HEAD + "    for i in range(8):\n        B[i] = C[i]", "no buffer 'C'.* are A, B"),
        (HEAD + "    for i in range(8):\n        B[i, i] = A[i]", "1 dimension"),
        (HEAD + "    for i in range(8):\n        B[i] = A[i] + 1", "'\\+' joins float32 and int64"),
        (HEAD + "    for i in range(8):\n        B[i] = A[i] ** 2.0", "operator that programs"),
        (HEAD + "    for i in range(8):\n        B[i] = -A[i]", "sign belongs to a number"),
        (HEAD + "    for i in range(8):\n        B[i] = gamma(A[i])", "no function 'gamma'"),
        (HEAD + "    for i in range(8):\n        B[i] = max(A[i])", "max takes 2"),
        (HEAD + "    for i in range(8):\n        B[i] = A[lambda: 0]", "no expression"),
        (HEAD + "    for i in range(8):\n        B[i] = 'x'", "not a number"),
        (HEAD + "    for i in range(8):\n        B[2 ** 70] = A[i]", "operator"),
        (HEAD + f"    B[{2**70}] = A[0]", "does not fit int64"),
        (HEAD + "    for i in range(8):\n        B[i] = A[i / 2]", "divides floats"),
        (HEAD + "    if A[0] and A[1]:\n        B[0] = A[0]", "joins conditions"),
        (HEAD + "    B[ramp(0, 1)] = A[0]", "lanes of a ramp"),
        (HEAD + "    with open('x'):\n        B[0] = A[0]", "a block is written"),
        (HEAD + "    with block('B', **x):\n        B[0] = A[0]", "names each"),
        (
            HEAD + "    with block('B', v=1e400):\n        B[v] = A[0]",
            "bound to a value of float32",
        ),
        (HEAD + "    with block('B', v=reduce(1, 2, 3)):\n        B[0] = A[0]", "its extent"),
        (HEAD + "    x = allocate(float32[2], 3)\n    B[0] = A[0]", "allocate takes"),
        (HEAD + "    x = allocate(float32[2])", "nothing stands"),
        (HEAD + '    x = allocate(float32[2], scope="moon")\n    B[0] = x[0]', "well-formed"),
        (HEAD + "    for i in range(8):\n        B[i] = int8(A[i])", "well-formed"),
        (HEAD + "    x = allocate(float32[2])\n    x[0] = 1.0", "stores to none"),
        (HEAD + "    B[0] = " + "(" * 300 + "A[0]" + ")" * 300, "program"),
    ],
)
def test_a_text_that_is_no_program(text: str, words: str) -> None:
    with pytest.raises(ParseError, match=words) as caught:
        parse_program(text)
    assert "\n" not in str(caught.value)


def _spoiled(text: str, rng: random.Random) -> str:
    """`text` with one of its words exchanged for another of them, or for what is in no program."""
    words = list(re.finditer(r"\w+|[^\w\s]|\n +", text))
    odd = ("", "-", "[]", "lambda", "*", "{", '"', "1e400", "None", "\n", "    ", "λ", "2.5")
    old = rng.choice(words)
    new = rng.choice(odd) if rng.random() < 0.5 else rng.choice(words).group()
    return text[: old.start()] + new + text[old.end() :]


def _read(text: str) -> Program | ParseError:
    try:
        return parse_program(text)
    except ParseError as refused:
        return refused


def test_spoiled_texts_are_read_or_refused() -> None:
    read = refused = 0
    for seed in range(600):
        rng = random.Random(seed)
        state = State.start(random_expression(random.Random(seed % 20)))
        answer = _read(_spoiled(str(random_state(state, rng, 3).program), rng))
        if isinstance(answer, ParseError):
            refused += 1
            assert "\n" not in str(answer)
        else:
            read += 1
            assert str(parse_program(str(answer))) == str(answer)
    assert read > 10
    assert refused > 100
