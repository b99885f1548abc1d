"""The set of configurations a template leaves open, as vectors of small integers.

A configuration chooses one option of every knob. As *digits* it is the position of each chosen
option, an int64 vector with one entry per knob; as *index* it is one integer, the digits read as
a mixed-radix number whose last knob varies fastest. Batches are matrices of digits, one row each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from tvmlab.errors import UsageError
from tvmlab.ir.program import Program
from tvmlab.ops.knobs import Knob, Option, SplitKnob
from tvmlab.schedule import Schedule, Step
from tvmlab.te import Tensor

Config = dict[str, Option]
"""Knob name -> chosen option."""

Realise = Callable[[Mapping[str, Any]], list[dict[str, Any]]]
"""Turns a configuration into schedule steps as JSON; raises ScheduleError where that is illegal."""

ToProgram = Callable[[Mapping[str, Any]], Program]
"""Turns a configuration into the scheduled program; raises ScheduleError where that is illegal."""


class Plan(NamedTuple):
    """What schedules `outputs`: `apply` appends to a schedule the steps of a configuration."""

    outputs: tuple[Tensor, ...]
    apply: Callable[[Schedule, Mapping[str, Any]], None]


class OpenSchedule(NamedTuple):
    """A schedule of `outputs` whose `steps` have holes."""

    outputs: tuple[Tensor, ...]
    steps: tuple[Step, ...]


class Space:
    """Every combination of the options of `knobs`; `realise` turns one into a trace.

    `schedule` turns one into the program that the trace leads to; without it there are no features
    of programs. `holes` is the schedule that configurations fill, where they fill one, and `plan`
    what makes their steps.

    Attributes:
        structures: how many there are of which configurations choose one; 1 where all differ in
            sizes and words alone. Tiles of different lengths are such, in the first knob that has
            them: a template's forms cut different loops.
    """

    def __init__(
        self,
        knobs: Iterable[Knob],
        realise: Realise,
        schedule: ToProgram | None = None,
        holes: OpenSchedule | None = None,
        plan: Plan | None = None,
    ) -> None:
        self.knobs = tuple(knobs)
        self.plan = plan
        self.holes = holes
        self._realise = realise
        self._schedule = schedule
        names = [knob.name for knob in self.knobs]
        for name in names:
            if names.count(name) > 1:
                raise UsageError(f"two knobs have the name {name!r}; give each its own.")
        self.radices = np.array([len(knob.options) for knob in self.knobs], dtype=np.int64)
        self.size = prod(len(knob.options) for knob in self.knobs)
        forms = enumerate(map(_forms, self.knobs))
        self._form = next(((n, each) for n, each in forms if each.any()), None)
        self.structures = 1 if self._form is None else int(self._form[1].max()) + 1
        self._active = np.flatnonzero(self.radices > 1)

    def trace(self, config: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The schedule steps of a configuration, as JSON; ScheduleError where it is illegal."""
        return self._realise(config)

    def program(self, config: Mapping[str, Any]) -> Program:
        """The program that a configuration stands for.

        Raises:
            ScheduleError: the configuration is illegal.
            UsageError: the space is of traces only.
        """
        if self._schedule is None:
            raise UsageError(
                "the space has no programs, only traces; use the features 'knob' in it."
            )
        return self._schedule(config)

    # ---- one configuration

    def config(self, digits: Sequence[int] | np.ndarray) -> Config:
        """The options that `digits` chooses."""
        return {k.name: k.options[int(d)] for k, d in zip(self.knobs, digits, strict=True)}

    def digits(self, config: Mapping[str, Any]) -> np.ndarray:
        """The digits of a configuration (lists stand for tuples); UsageError where it is none."""
        return np.array([_position(knob, config) for knob in self.knobs], dtype=np.int64)

    def digits_at(self, index: int) -> np.ndarray:
        """The digits of configuration number `index`; UsageError outside 0 .. size - 1."""
        if not 0 <= index < self.size:
            raise UsageError(
                f"configuration {index} was asked for, but the space ends at {self.size - 1}; "
                "give an index inside it."
            )
        digits = []
        for radix in reversed(self.radices.tolist()):
            index, digit = divmod(index, radix)
            digits.append(digit)
        return np.array(digits[::-1], dtype=np.int64)

    # ---- batches

    def stack(self, rows: Sequence[np.ndarray]) -> np.ndarray:
        """Digits of single configurations as one matrix: (n, knobs), also where either is 0."""
        return np.array(rows, dtype=np.int64).reshape(len(rows), len(self.knobs))

    def indices(self, digits: np.ndarray) -> list[int]:
        """The index of each row of `digits` (n, knobs)."""
        if self.size < 2**62:
            weights = np.ones(len(self.knobs), dtype=np.int64)
            weights[:-1] = np.cumprod(self.radices[:0:-1])[::-1]
            totals: list[int] = (digits @ weights).tolist()
            return totals
        rows = [0] * len(digits)
        for column, radix in enumerate(self.radices.tolist()):
            rows = [
                row * radix + d for row, d in zip(rows, digits[:, column].tolist(), strict=True)
            ]
        return rows

    def crossed(
        self, mothers: np.ndarray, fathers: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """For each pair of rows one that takes each option from either, with equal odds."""
        return np.where(rng.random(mothers.shape) < 0.5, mothers, fathers)

    def settled(self, digits: np.ndarray) -> np.ndarray:
        """The rows that stand for the configurations of `digits` (n, knobs), whose columns come
        from different rows: where a decision leaves others without meaning, those are 0."""
        return digits

    def structure_of(self, digits: np.ndarray) -> np.ndarray:
        """(n,) the number of the structure that each row of `digits` (n, knobs) is of, below
        `structures`."""
        if self._form is None:
            return np.zeros(len(digits), dtype=np.int64)
        column, forms = self._form
        found: np.ndarray = forms[digits[:, column]]
        return found

    def factors(self, digits: np.ndarray) -> dict[str, np.ndarray]:
        """The factors each split knob takes: name -> (n, parts) int64."""
        return {
            knob.name: np.array(knob.options, dtype=np.int64)[digits[:, column]]
            for column, knob in enumerate(self.knobs)
            if isinstance(knob, SplitKnob)
        }

    def draw(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """`count` configurations drawn uniformly, repeats allowed: (count, knobs) digits."""
        return rng.integers(0, self.radices, size=(count, len(self.knobs)))

    def neighbours(self, digits: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """For each row one with another option in exactly one knob, both drawn uniformly."""
        moved = digits.copy()
        if self._active.size:
            rows = np.arange(len(digits))
            columns = self._active[rng.integers(0, self._active.size, size=len(digits))]
            radices = self.radices[columns]
            moved[rows, columns] = (moved[rows, columns] + rng.integers(1, radices)) % radices
        return moved

    def everything(self) -> np.ndarray:
        """All configurations in order of index: (size, knobs) digits."""
        grid = np.indices(self.radices.tolist(), dtype=np.int64)
        return grid.reshape(len(self.knobs), self.size).T

    def draw_new(
        self, count: int, rng: np.random.Generator, seen: set[int] | frozenset[int]
    ) -> np.ndarray:
        """Up to `count` different configurations whose index is not in `seen`; fewer only where
        the space has no more: (m, knobs) digits."""
        if self.size <= 4 * (len(seen) + count):
            left = np.array([i for i in range(self.size) if i not in seen], dtype=np.int64)
            chosen = rng.permutation(left)[:count]
            return self.stack([self.digits_at(int(i)) for i in chosen])
        taken: set[int] = set()
        rows: list[np.ndarray] = []
        while len(rows) < count:
            batch = self.draw(count, rng)
            for index, row in zip(self.indices(batch), batch, strict=True):
                if index not in seen and index not in taken and len(rows) < count:
                    taken.add(index)
                    rows.append(row)
        return self.stack(rows)


def _forms(knob: Knob) -> np.ndarray:
    """(options,) which of a knob's lengths of tuples each option has, counted from 0."""
    lengths = [len(option) if isinstance(option, tuple) else 1 for option in knob.options]
    return np.unique(lengths, return_inverse=True)[1]


def _position(knob: Knob, config: Mapping[str, Any]) -> int:
    if knob.name not in config:
        raise UsageError(f"the configuration lacks the knob {knob.name!r}; give it an option.")
    option = config[knob.name]
    option = tuple(option) if isinstance(option, list) else option
    for position, known in enumerate(knob.options):
        if known == option and type(known) is type(option):
            return position
    raise UsageError(
        f"the knob {knob.name!r} was set to {option!r}, which is not among its "
        f"{len(knob.options)} options; the first is {knob.options[0]!r}."
    )
