"""Steps of a trace, spoiled at random: read and printed, or refused in one sentence."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

import tvmlab as t
from tvmlab.errors import TvmlabError
from tvmlab.schedule import State, Step, step_from_json

STEPS: list[dict[str, Any]] = [
    {
        "step": "split", "block": "C", "loop": "y", "factors": [None, 8],
        "holes": [{"at": ["factors", 1], "name": "tile", "options": [8, 4]}],
    },
    {
        "step": "split", "block": "C", "loop": "y", "factors": [8, 8],
        "holes": [
            {
                "at": ["factors", None], "name": "tile", "loop": "y", "extent": 64, "parts": 2,
                "max_innermost": 64,
            }
        ],
    },
    {
        "step": "recipe", "name": "mine",
        "steps": [
            {"step": "tile", "block": "C", "loops": ["y", "x"], "factors": [8, 8]},
            {"step": "parallel", "block": "C", "loop": "yo"},
        ],
    },
]  # fmt: skip
JUNK: list[Any] = [None, True, -1, 0, 3.5, "", "x", "y", [], {}, [[]], {"a": 1}, 2**70, [1, 2]]
COUNT = 3000


def _spoiled(data: Any, rng: random.Random) -> Any:
    """`data` with a few of its parts exchanged for others, left out or renamed."""
    if rng.random() < 0.05:
        return rng.choice(JUNK)
    if isinstance(data, dict):
        return {
            (key if rng.random() < 0.98 else "z"): _spoiled(value, rng)
            for key, value in data.items()
            if rng.random() < 0.98
        }
    if isinstance(data, list):
        return [_spoiled(item, rng) for item in data]
    return data if rng.random() < 0.9 else rng.choice(JUNK)


def _start() -> State:
    a = t.placeholder((64, 64), name="A")
    b = t.placeholder((64, 64), name="B")
    k = t.reduce_axis((0, 64), name="k")
    return State.start(t.compute((64, 64), lambda y, x: t.sum(a[y, k] * b[k, x], axis=k), name="C"))


def _read(data: Any) -> Step | TvmlabError:
    try:
        return step_from_json(data)
    except TvmlabError as refused:
        return refused


@pytest.mark.parametrize("part", range(3))
def test_spoiled_steps_are_read_or_refused(part: int) -> None:
    start = _start()
    read = refused = 0
    for seed in range(part, COUNT, 3):
        rng = random.Random(seed)
        answer = _read(_spoiled(rng.choice(STEPS), rng))
        if isinstance(answer, TvmlabError):
            refused += 1
            assert isinstance(answer, t.TraceError)
            assert "\n" not in str(answer)
            continue
        read += 1
        assert "\n" not in str(answer)
        assert step_from_json(json.loads(json.dumps(answer.to_json()))) == answer
        refusal = answer.check(start.program)
        if refusal is None:
            assert start.apply(answer).steps == (answer,)
    assert read > COUNT // 30
    assert refused > COUNT // 30
