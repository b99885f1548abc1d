"""Files of records as tuners leave them, made without tuning."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tvmlab as t
from tvmlab.measure.outcome import Outcome, failure
from tvmlab.te.serial import to_json
from tvmlab.tune.database import Database
from tvmlab.tune.record import Record
from tvmlab.tune.setup import Setup

FACTORS = (2, 4, 8, 16, 32)


def product(size: int = 64) -> t.Tensor:
    """Two square matrices, multiplied."""
    a, b = t.placeholder((size, size), name="A"), t.placeholder((size, size), name="B")
    k = t.reduce_axis((0, size), name="k")
    return t.compute((size, size), lambda y, x: t.sum(a[k, y] * b[k, x], axis=k), name="C")


def records(count: int, start: int = 0) -> Iterator[Record]:
    """Trials that split the rows; every fifth was too slow."""
    for number in range(start, start + count):
        factor = FACTORS[number % len(FACTORS)]
        trace = [{"step": "split", "block": "C", "loop": "y", "factors": [None, factor]}]
        time_s = 1e-3 * (1 + number % 7)
        outcome = Outcome("ok", "time", "", (time_s, time_s * 1.01), 0.1, 0.2, True)
        if number % 5 == 4:
            outcome = failure("timeout", "run", "took more than 1 s")
        config = {"rows": factor, "order": ("y", "x")}
        yield Record(number, number, config, trace, time_s * 1.1, outcome)


def begin(path: Path, *counts: int, trials: int = 64) -> Database:
    """A database, left open, with a run for each of `counts` trials; none has ended."""
    database = Database.open(path)
    for count in counts:
        run = database.begin(Setup(to_json(product()), "matmul/cpu", trials=trials), {}, {})
        database.append(run, records(count))
    return database


def autotvm_line(number: int) -> str:
    """A line as AutoTVM's protocol 'json' writes it."""
    entity = [["tile_y", "sp", [-1, 2 ** (number % 5)]], ["unroll", "ot", number % 2]]
    line: dict[str, Any] = {
        "input": ["llvm", "dense", [["TENSOR", [64, 64], "float32"]], {}],
        "config": {"index": number, "code_hash": None, "entity": entity},
        "result": [[1e-3 * (1 + number % 7)], 0, 0.5, 1.7e9 + number],
        "version": 0.2,
        "tvm_version": "0.10.0",
    }
    return json.dumps(line) + "\n"


def metaschedule_line(number: int) -> str:
    """A line of MetaSchedule's tuning records."""
    trace = [[["SamplePerfectTile", [], [], []]], [[0, [number + 1, 64]]]]
    arguments = [["TENSOR", "float32", [64, 64]]]
    return json.dumps([0, [trace, [1e-3], {"kind": "llvm"}, arguments]]) + "\n"
