"""The space of several templates for one expression: the first decision is which of them.

A configuration has the knobs of its template alone. As digits it is a row over the knobs of all,
where those that its template does not have are 0; so no configuration has two rows. Templates
share a column where they have a knob of one name with the same options: what a cost model learns of
it with one template serves the others, and what changes the template may keep it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any

import numpy as np

from tvmlab.errors import UsageError
from tvmlab.ops.knobs import ChoiceKnob, Knob, Option
from tvmlab.ops.schedule_template import ScheduleTemplate
from tvmlab.te import Tensor
from tvmlab.tune.space import Config, Plan, Space
from tvmlab.tune.template_space import template_space

SKETCH = "sketch"
"""The knob whose options are the templates' titles."""

LEAPS = 1 / 16
"""The share of neighbours that are of another template."""


class SketchSpace(Space):
    """Every configuration of every one of `templates`, title -> template, for `outputs`."""

    def __init__(
        self, templates: Mapping[str, ScheduleTemplate], outputs: Sequence[Tensor]
    ) -> None:
        self._titles = tuple(templates)
        self._plans = {title: template.apply for title, template in templates.items()}
        self._parts = [template_space(template, outputs) for template in templates.values()]
        merged = _merged(knob for part in self._parts for knob in part.knobs)
        columns = {key: number for number, key in enumerate(merged, 1)}
        super().__init__(
            [ChoiceKnob(SKETCH, self._titles), *merged.values()],
            lambda config: self._parts[self._number(config)].trace(config),
            lambda config: self._parts[self._number(config)].program(config),
            plan=Plan(
                tuple(outputs),
                lambda schedule, config: self._plans[config[SKETCH]](schedule, config),
            ),
        )
        self._columns = [
            np.array([columns[knob.name, knob.options] for knob in part.knobs], dtype=np.int64)
            for part in self._parts
        ]
        self._owned = np.zeros((len(self._parts), len(self.knobs)), dtype=bool)
        self._owned[:, 0] = True
        for number, own in enumerate(self._columns):
            self._owned[number, own] = True
        self.structures = len(self._parts)
        self._firsts = [0, *accumulate(part.size for part in self._parts)]
        self.size = self._firsts[-1]

    # ---- one configuration

    def config(self, digits: Sequence[int] | np.ndarray) -> Config:
        """The title, and the options of its template's knobs."""
        row = np.asarray(digits, dtype=np.int64)
        number = int(row[0])
        return {SKETCH: self._titles[number]} | self._parts[number].config(
            row[self._columns[number]]
        )

    def digits(self, config: Mapping[str, Any]) -> np.ndarray:
        """The row of a configuration; UsageError where it is none."""
        number = self._number(config)
        return self._row(number, self._parts[number].digits(config))

    def digits_at(self, index: int) -> np.ndarray:
        """The row of configuration number `index`, counted template by template; UsageError
        outside 0 .. size - 1."""
        for number, part in enumerate(self._parts):
            if self._firsts[number] <= index < self._firsts[number + 1]:
                return self._row(number, part.digits_at(index - self._firsts[number]))
        return super().digits_at(index)  # which says what is wrong

    def _number(self, config: Mapping[str, Any]) -> int:
        title = config.get(SKETCH)
        if title not in self._titles:
            raise UsageError(
                f"the configuration has the sketch {title!r}; there are {', '.join(self._titles)}."
            )
        return self._titles.index(title)

    def _row(self, number: int, own: np.ndarray) -> np.ndarray:
        row = np.zeros(len(self.knobs), dtype=np.int64)
        row[0] = number
        row[self._columns[number]] = own
        return row

    # ---- batches

    def settled(self, digits: np.ndarray) -> np.ndarray:
        """`digits` (n, knobs) with 0 for the knobs that each row's template does not have."""
        return np.where(self._owned[digits[:, 0]], digits, 0)

    def structure_of(self, digits: np.ndarray) -> np.ndarray:
        """(n,) the number of each row's template."""
        numbers: np.ndarray = digits[:, 0]
        return numbers

    def indices(self, digits: np.ndarray) -> list[int]:
        """The index of each row of `digits` (n, knobs)."""
        found = [0] * len(digits)
        for number, places, rows in self._groups(digits):
            own = self._parts[number].indices(rows)
            for place, index in zip(places.tolist(), own, strict=True):
                found[place] = self._firsts[number] + index
        return found

    def draw(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """`count` configurations, the template drawn uniformly and then the options of its
        knobs, repeats allowed: (count, knobs) digits."""
        return self.settled(super().draw(count, rng))

    def neighbours(self, digits: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """For each row one with another option in one knob, or, for a few rows, of another
        template, with as many options kept as the two have in common."""
        moved = digits.copy()
        for number, places, rows in self._groups(digits):
            own = self._columns[number]
            moved[places[:, None], own] = self._parts[number].neighbours(rows, rng)
        if len(self._parts) == 1:
            return moved
        leaps = np.flatnonzero(rng.random(len(digits)) < LEAPS)
        before = digits[leaps]
        after = super().draw(len(leaps), rng)
        after[:, 0] = (before[:, 0] + rng.integers(1, len(self._parts), len(leaps))) % len(
            self._parts
        )
        kept = self._owned[before[:, 0]]
        kept[:, 0] = False
        moved[leaps] = self.settled(np.where(kept, before, after))
        return moved

    def crossed(
        self, mothers: np.ndarray, fathers: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """For each pair of rows one of the mother's template, which takes each option that both
        have from either."""
        shared = self._owned[mothers[:, 0]] & self._owned[fathers[:, 0]]
        shared[:, 0] = False
        return np.where(shared, super().crossed(mothers, fathers, rng), mothers)

    def everything(self) -> np.ndarray:
        """All configurations in order of index: (size, knobs) digits."""
        rows = np.zeros((self.size, len(self.knobs)), dtype=np.int64)
        for number, part in enumerate(self._parts):
            own = rows[self._firsts[number] : self._firsts[number + 1]]
            own[:, 0] = number
            own[:, self._columns[number]] = part.everything()
        return rows

    def _groups(self, digits: np.ndarray) -> list[tuple[int, np.ndarray, np.ndarray]]:
        """For each template met its number, the places of its rows, and their own digits."""
        found = []
        for number in np.unique(digits[:, 0]).tolist():
            places = np.flatnonzero(digits[:, 0] == number)
            found.append((number, places, digits[np.ix_(places, self._columns[number])]))
        return found


def _merged(knobs: Iterable[Knob]) -> dict[tuple[str, tuple[Option, ...]], Knob]:
    """A knob for each name and options met, those of one name numbered."""
    merged: dict[tuple[str, tuple[Option, ...]], Knob] = {}
    seen: Counter[str] = Counter()
    for knob in knobs:
        if (knob.name, knob.options) not in merged:
            seen[knob.name] += 1
            number = seen[knob.name]
            own = f"{knob.name}@{number}" if number > 1 else knob.name
            merged[knob.name, knob.options] = replace(knob, name=own)
    return merged
