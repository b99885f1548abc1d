"""Features of scheduled programs, and of the configurations that stand for them.

A program is all they need, so they work for any trace, and their columns are the same for every
workload and every structure: what a model learnt elsewhere says something here. No file holds rows
or models, only traces and times: both are made anew from these, so that columns may be added.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from weakref import WeakKeyDictionary

import numpy as np

from tvmlab.errors import ScheduleError
from tvmlab.ir.program import Program
from tvmlab.tune.features.closed import ClosedForms
from tvmlab.tune.features.curve import RelationCurves
from tvmlab.tune.features.drafts.drafts import Drafts
from tvmlab.tune.features.feature import Feature
from tvmlab.tune.features.itervar import LoopContext
from tvmlab.tune.features.nests import Nests, nests_of
from tvmlab.tune.features.statement import Reading, read
from tvmlab.tune.features.store import StoreContext
from tvmlab.tune.features.threads import ThreadContext
from tvmlab.tune.space import Config, Space

REMEMBERED = 1 << 14
"""Configurations whose rows are kept: some 40 MB, many times what a batch is chosen from."""


class ProgramKind(Protocol):
    """One kind of features of programs, made of so many `statements` of each."""

    name: str
    statements: int
    columns: tuple[Feature, ...]

    @staticmethod
    def rows(nests: Nests) -> np.ndarray:
        """(n, columns) float32: the features of n programs."""


KINDS: dict[str, ProgramKind] = {
    kind.name: kind for kind in (LoopContext(), RelationCurves(), StoreContext(), ThreadContext())
}
"""Kinds of features of programs, by name."""

_KNOWN: WeakKeyDictionary[Space, dict[str, dict[int, np.ndarray]]] = WeakKeyDictionary()
"""The rows kept, by index, of each space and kind: several searches of a space share them."""


def program_features(kind: str, programs: Sequence[Program]) -> np.ndarray:
    """The features of scheduled programs: (n, columns of the kind) float32."""
    made = KINDS[kind]
    return made.rows(nests_of([read(program) for program in programs], made.statements))


class ProgramFeatures:
    """The features of the programs that a space's configurations stand for.

    They come from closed forms where there are any (see `tvmlab.tune.features.closed`). Else every
    configuration is drafted (see `tvmlab.tune.features.drafts`), or scheduled where its template
    is not known. What is found to be no legal schedule has zeros throughout; drafts ask of no step
    whether it is legal and find only what makes no sense, so that whoever chooses a configuration
    schedules it.
    """

    is_general = True

    def __init__(self, space: Space, kind: ProgramKind) -> None:
        self.columns = kind.columns
        self._space = space
        self._kind = kind
        self._closed = ClosedForms.of(space)
        is_closed = self._closed is not None
        self._drafts = None if is_closed or space.plan is None else Drafts.of(space.plan)
        self._known = _KNOWN.setdefault(space, {}).setdefault(kind.name, {})

    @property
    def is_slow(self) -> bool:
        """Whether configurations are looked at one by one."""
        return self._closed is None

    def __call__(self, digits: np.ndarray) -> np.ndarray:
        """The features of each row of `digits` (n, knobs): (n, columns) float32.

        Raises:
            UsageError: the space has no programs.
        """
        if self._closed is None:
            return self._one_by_one(digits)
        found = np.zeros((len(digits), len(self.columns)), dtype=np.float32)
        for rows, nests in self._closed.classes(digits, self._kind.statements):
            found[rows] = self._kind.rows(nests)
        return found

    def _one_by_one(self, digits: np.ndarray) -> np.ndarray:
        """(n, columns), drafted or scheduled; those seen lately are remembered."""
        indices = self._space.indices(digits)
        new = {i: row for i, row in zip(indices, digits, strict=True) if i not in self._known}
        rows = {i: self._known[i] for i in indices if i not in new}
        rows |= zip(new, self._rows(list(new.values())), strict=True)
        self._known |= rows
        while len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]
        empty = np.zeros((0, len(self.columns)), dtype=np.float32)
        return np.stack([rows[i] for i in indices]) if indices else empty

    def _rows(self, digits: Sequence[np.ndarray]) -> np.ndarray:
        """(n, columns), computed."""
        found = np.zeros((len(digits), len(self.columns)), dtype=np.float32)
        readings: dict[int, Reading] = {}
        for n, row in enumerate(digits):
            try:
                readings[n] = self._reading(self._space.config(row))
            except ScheduleError:
                continue
        if readings:
            nests = nests_of(list(readings.values()), self._kind.statements)
            found[list(readings)] = self._kind.rows(nests)
        return found

    def _reading(self, config: Config) -> Reading:
        """Of a configuration, drafted where it can be.

        Raises:
            ScheduleError: it is illegal, as far as that is asked.
        """
        if self._drafts is None:
            return read(self._space.program(config))
        return self._drafts.reading(config)
