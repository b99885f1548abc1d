"""Inputs, and what the outputs must be: computed once per workload and seed, whoever asks first.

The reference is kept as files that every worker of a runner maps, and that outlive a worker that
crashes. Inputs are drawn again from the seed by each worker, into memory like a user's.
"""

from __future__ import annotations

import fcntl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tvmlab.analysis.work import Work, work_of
from tvmlab.ir.arrays import empty
from tvmlab.measure.canonical import digest
from tvmlab.measure.request import Request
from tvmlab.te.evaluate import evaluate, random_inputs
from tvmlab.te.naive import lower_naive
from tvmlab.te.serial import from_json
from tvmlab.te.tensor import Tensor

KEPT = 2
"""Trial runs in memory: as many as a tuner checks a candidate with."""


class Expected(NamedTuple):
    """What an output must hold, as `tvmlab.te.evaluate.Evaluated` says it."""

    name: str
    value: np.ndarray
    bound: np.ndarray


class Trial(NamedTuple):
    """The arrays of a trial run.

    Attributes:
        inputs: by parameter name.
        outputs: memory for the outputs, in order, used again by every candidate.
        expected: what each output must hold.
        work: what a call does at least.
    """

    inputs: Mapping[str, np.ndarray]
    outputs: tuple[np.ndarray, ...]
    expected: tuple[Expected, ...]
    work: Work


class Trials:
    """Trial runs by workload and seed; those of the last workload are kept in memory, `KEPT` at
    most, and share the memory of their outputs."""

    def __init__(self) -> None:
        self._workload = ""
        self._kept: dict[int, Trial] = {}

    def of(self, request: Request, folder: Path) -> Trial:
        """The trial run of `request`; its reference is looked for, and kept, in `folder`."""
        if self._workload != request.workload_key:
            self._workload, self._kept = request.workload_key, {}
        if request.seed not in self._kept:
            while len(self._kept) >= KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[request.seed] = self._made(request, folder)
        return self._kept[request.seed]

    def _made(self, request: Request, folder: Path) -> Trial:
        outputs = from_json(request.workload)
        inputs = random_inputs(outputs, request.seed)
        key = digest([request.workload_key, request.seed])
        expected = _expected(outputs, inputs, folder / key)
        other = next(iter(self._kept.values()), None)
        memory = (
            tuple(empty(t.extents, t.dtype) for t in outputs) if other is None else other.outputs
        )
        return Trial(inputs, memory, expected, work_of(lower_naive(outputs)))


def _expected(
    outputs: Sequence[Tensor], inputs: Mapping[str, np.ndarray], stem: Path
) -> tuple[Expected, ...]:
    """The reference in the files that begin with `stem`; whoever comes first writes them, the
    others wait."""
    with stem.with_suffix(".lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = stem.with_suffix(".done")
        if not done.exists():
            found = evaluate(outputs, inputs)
            for number, output in enumerate(found):
                np.save(_file(stem, number, "value"), output.value)
                np.save(_file(stem, number, "bound"), _compact(output.bound))
            done.write_text("\n".join(output.name for output in found))
        names = done.read_text().split("\n")
    return tuple(
        Expected(
            name,
            np.load(_file(stem, number, "value"), mmap_mode="r"),
            np.load(_file(stem, number, "bound"), mmap_mode="r"),
        )
        for number, name in enumerate(names)
    )


def _compact(bound: np.ndarray) -> np.ndarray:
    """`bound` without the dimensions along which it was only spread."""
    kept = tuple(slice(None) if stride else slice(0, 1) for stride in bound.strides)
    return bound[kept]


def _file(stem: Path, number: int, what: str) -> Path:
    return stem.with_name(f"{stem.name}-{number}-{what}.npy")
