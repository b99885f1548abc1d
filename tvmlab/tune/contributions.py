"""What each feature of a candidate adds to what a cost model thinks of it, and on which loops.

A run's model lives in the process of the run and is gone with it; but it is a function of the run's
trials. So it is fitted again to those, and says of any trial what its features add. It is fitted to
the loops of the trials as well, by which it says the same of any schedule of the expression, tried
or not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from tvmlab.errors import UsageError
from tvmlab.ir.program import Program
from tvmlab.tune.explanation import Explanation
from tvmlab.tune.explorers import EXPLORERS
from tvmlab.tune.features import FEATURES, Feature, program_features
from tvmlab.tune.features.program import KINDS
from tvmlab.tune.features.scale import plain
from tvmlab.tune.importance import Explained, importances, reasons
from tvmlab.tune.model_guided import ENOUGH, ModelGuided
from tvmlab.tune.models import MODELS
from tvmlab.tune.painting import ConfigPlaces, LoopName, Place, ProgramPlaces
from tvmlab.tune.record import Record
from tvmlab.tune.setup import Setup
from tvmlab.tune.setup_space import space_of

OF_LOOPS = "itervar"
"""The features that speak of single loops, each of them of one."""

MOST = 256
"""Trials that are scheduled again to see their loops: of more, as many are taken at equal
distances, from the first to the last."""


class Contribution(NamedTuple):
    """A feature of a candidate.

    Attributes:
        name: of its column.
        place: in words, and the loops and steps that it speaks of.
        value, unit: what is counted, its logarithm undone.
        weight: what it adds to the prediction, in the model's unit; None where no model was asked.
    """

    name: str
    place: Place
    value: float
    unit: str
    weight: float | None


class Contributions(NamedTuple):
    """What a model thinks of a candidate, feature by feature.

    Attributes:
        model: its name; empty where there is none, and only features are told.
        is_own: whether the run itself went by a model of this kind and these features.
        learnt_from: how many trials it was fitted to.
        unit: that of prediction and weights, in words.
        start: what the prediction starts from: with all weights it makes the prediction.
        parts: the features that add something, and those of the program's loops that do not.
    """

    model: str
    is_own: bool
    learnt_from: int
    unit: str
    start: float
    parts: tuple[Contribution, ...]

    @property
    def prediction(self) -> float:
        """Of the model for this candidate."""
        return self.start + sum(part.weight or 0.0 for part in self.parts)

    def by_loop(self) -> dict[LoopName, float]:
        """What each loop adds: a feature that speaks of several counts at each in equal parts."""
        found: dict[LoopName, float] = {}
        for part in self.parts:
            for loop in part.place.loops:
                share = (part.weight or 0.0) / len(part.place.loops)
                found[loop] = found.get(loop, 0.0) + share
        return found

    @property
    def elsewhere(self) -> float:
        """What features add that speak of no loop."""
        return sum(part.weight or 0.0 for part in self.parts if not part.place.loops)


def features_of(program: Program) -> Contributions:
    """The features of a program's loops, of which no model thinks anything."""
    (row,) = program_features(OF_LOOPS, [program])
    parts = _parts(KINDS[OF_LOOPS].columns, row, None, ProgramPlaces(program))
    return Contributions("", False, 0, "", 0.0, parts)


class Recalled(NamedTuple):
    """What a model goes by that was fitted to a run's trials again.

    Attributes:
        model, is_own: as of `Contributions`.
        explanation: of it, and of the run's fastest trial.
    """

    model: str
    is_own: bool
    explanation: Explanation


class Hindsight:
    """What a model makes of candidates that learnt from all trials of a run.

    Args:
        setup: of the run.
        records: its trials.
        by_loops: whether it sees the loops of programs, which any schedule has, rather than what
            the run's own model saw.

    Raises:
        UsageError: the trials are too few, or too much alike, to learn from.
    """

    def __init__(self, setup: Setup, records: Sequence[Record], by_loops: bool) -> None:
        self._space, _ = space_of(setup)
        self.trials = len(records)
        own = _own(setup)
        kind = OF_LOOPS if by_loops else own[1]
        self._features = FEATURES[kind](self._space)
        self._fastest = min(records, key=lambda record: record.rank, default=None)
        if self._features.is_slow and len(records) > MOST:
            records = records[:: -(-len(records) // MOST)]
        speeds = np.array([1.0 / r.median_s if r.median_s else 0.0 for r in records])
        if len(np.unique(speeds)) < ENOUGH:
            raise UsageError(
                f"the {self.trials} trials of this run are too few, or too much alike, to learn "
                "from; go on with it."
            )
        model = MODELS[own[0]](setup.seed)
        if not isinstance(model, Explained):
            model = MODELS[ModelGuided.default_model](setup.seed)
        digits = self._space.stack([self._space.digits(r.config) for r in records])
        model.fit(self._features(digits), speeds / speeds.max())
        self._model: Any = model
        self._is_own = (model.name, kind) == own and issubclass(_explorer(setup), ModelGuided)
        self._learnt_from = len(records)

    def of_trial(self, record: Record) -> Contributions:
        """What the features of one of its trials add.

        Raises:
            ScheduleError: the trial is no legal schedule.
        """
        digits = self._space.digits(record.config)
        config = self._space.config(digits)
        (row,) = self._features(digits[None, :])
        return self._told(row, ConfigPlaces(self._space, config))

    def recalled(self) -> Recalled:
        """What it goes by; of a model that sees what the run's own saw."""
        assert self._fastest is not None  # there was enough to learn from
        columns = self._features.columns
        (row,) = self._features(self._space.digits(self._fastest.config)[None, :])
        gained, spoken = importances(self._model, columns), reasons(self._model, columns, row)
        explanation = Explanation(self._learnt_from, self._fastest.number, gained, spoken)
        return Recalled(self._model.name, self._is_own, explanation)

    def of_program(self, program: Program) -> Contributions:
        """What the loops of a program add; of a model that sees loops."""
        (row,) = program_features(OF_LOOPS, [program])
        return self._told(row, ProgramPlaces(program))

    def _told(self, row: np.ndarray, place: Callable[[str], Place]) -> Contributions:
        *added, start = self._model.contributions(row[None, :])[0].tolist()
        parts = _parts(self._features.columns, row, added, place)
        unit = self._model.unit
        return Contributions(self._model.name, self._is_own, self._learnt_from, unit, start, parts)


def _parts(
    columns: Sequence[Feature],
    row: np.ndarray,
    added: Sequence[float] | None,
    place: Callable[[str], Place],
) -> tuple[Contribution, ...]:
    """The columns that say something, those that add most first."""
    found = []
    for n, (column, number) in enumerate(zip(columns, row.tolist(), strict=True)):
        weight = None if added is None else added[n]
        if weight or number:
            at = place(column.name)
            # What is the same in every candidate is of interest only where it is seen.
            if weight or at.loops:
                found.append(Contribution(column.name, at, *plain(number, column.unit), weight))
    return tuple(sorted(found, key=lambda part: -abs(part.weight or 0.0)))


def _own(setup: Setup) -> tuple[str, str]:
    """The names of a run's model and of what it sees; the default ones where it has no model."""
    explorer = _explorer(setup)
    defaults = explorer if issubclass(explorer, ModelGuided) else ModelGuided
    return setup.model or defaults.default_model, setup.features or defaults.default_features


def _explorer(setup: Setup) -> type:
    explorer = EXPLORERS.get(setup.explorer, object)
    return explorer if isinstance(explorer, type) else object
