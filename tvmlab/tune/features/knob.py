"""The knobs themselves as features: cheap, and meaningful within one space only.

Each knob has a table with one row per option, so the features of a batch are looked up, not
computed: millions of configurations a second.
"""

from __future__ import annotations

from math import copysign, log2

import numpy as np

from tvmlab.ops.knobs import ChoiceKnob, Knob, Option, OrderKnob, SplitKnob
from tvmlab.tune.features.feature import Feature
from tvmlab.tune.space import Space


class KnobFeatures:
    """The features of the configurations of one space; `columns` names them in order."""

    name = "knob"
    is_general = False
    is_slow = False

    def __init__(self, space: Space) -> None:
        parts = [_table(knob) for knob in space.knobs]
        self.columns: tuple[Feature, ...] = tuple(c for columns, _ in parts for c in columns)
        self._tables = [np.array(rows, dtype=np.float32) for _, rows in parts]

    def __call__(self, digits: np.ndarray) -> np.ndarray:
        """The features of each row of `digits` (n, knobs): (n, columns) float32."""
        if not self._tables:
            return np.zeros((len(digits), 0), dtype=np.float32)
        found = [table[digits[:, column]] for column, table in enumerate(self._tables)]
        return np.concatenate(found, axis=1)


def _table(knob: Knob) -> tuple[list[Feature], list[list[float]]]:
    """The columns of a knob, and its rows: one per option."""
    if isinstance(knob, SplitKnob):
        columns = [Feature(f"{knob.name}[{i}]", "log2 iterations") for i in range(knob.parts)]
        return columns, [[log2(factor) for factor in option] for option in knob.options]
    if isinstance(knob, OrderKnob):
        columns = [Feature(f"{knob.name}.{axis}", "loops outside it") for axis in knob.axes]
        return columns, [[o.index(axis) for axis in knob.axes] for o in knob.options]
    return _choice_table(knob)


def _choice_table(knob: ChoiceKnob) -> tuple[list[Feature], list[list[float]]]:
    """Integers, and tuples of as many, are sizes; everything else is a category."""
    sizes = [_integers(option) for option in knob.options]
    widths = {len(numbers) for numbers in sizes}
    if len(widths) == 1 and 0 not in widths:
        names = [knob.name, *(f"{knob.name}[{i}]" for i in range(*widths))]
        chosen = names[:1] if isinstance(knob.options[0], int) else names[1:]
        rows = [[copysign(log2(abs(n) + 1), n) for n in numbers] for numbers in sizes]
        return [Feature(name, "sign * log2(1 + |value|)") for name in chosen], rows
    columns = [Feature(f"{knob.name} is {option}", "0 or 1") for option in knob.options]
    return columns, np.eye(len(knob.options)).tolist()


def _integers(option: Option) -> tuple[int, ...]:
    """The numbers of an option that is an integer or a tuple of them; else none."""
    numbers = option if isinstance(option, tuple) else (option,)
    return tuple(n for n in numbers if isinstance(n, int)) * all(
        isinstance(n, int) for n in numbers
    )
