"""The knobs themselves as features: cheap, and meaningful within one space only.

Each knob has a table with one row per option, so the features of a batch are looked up, not
computed: millions of configurations a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import copysign, log2, prod

import numpy as np

from tvmlab.ops.knobs import ChoiceKnob, Knob, Option, OrderKnob, SplitKnob
from tvmlab.tune.features.feature import Feature
from tvmlab.tune.space import Space

_LOGARITHM = "sign * log2(1 + |value|)"


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
    """Integers, and tuples of them, are sizes; everything else is a category."""
    sizes = [_integers(option) for option in knob.options]
    if not all(sizes):
        columns = [Feature(f"{knob.name} is {option}", "0 or 1") for option in knob.options]
        return columns, np.eye(len(knob.options)).tolist()
    if isinstance(knob.options[0], int):
        return [Feature(knob.name, _LOGARITHM)], [[_logarithm(n)] for (n,) in sizes]
    return _tuple_table(knob.name, sizes)


def _tuple_table(
    name: str, sizes: Sequence[tuple[int, ...]]
) -> tuple[list[Feature], list[list[float]]]:
    """The numbers, those of shorter tuples under the last of longer ones; their product, which is
    what a tile asks of registers and caches; and how many there are, where that is a choice."""
    widest = max(map(len, sizes))
    columns = [Feature(f"{name}[{i}]", _LOGARITHM) for i in range(widest)]
    rows = [[0.0] * (widest - len(n)) + [*map(_logarithm, n)] for n in sizes]
    if widest > 1:
        columns.append(Feature(f"{name} product", _LOGARITHM))
        rows = [[*row, _logarithm(prod(n))] for row, n in zip(rows, sizes, strict=True)]
    if len(set(map(len, sizes))) > 1:
        columns.append(Feature(f"{name} length", "numbers"))
        rows = [[*row, len(n)] for row, n in zip(rows, sizes, strict=True)]
    return columns, rows


def _logarithm(number: int) -> float:
    return copysign(log2(abs(number) + 1), number)


def _integers(option: Option) -> tuple[int, ...]:
    """The numbers of an option that is an integer or a tuple of them; else none."""
    numbers = option if isinstance(option, tuple) else (option,)
    return tuple(n for n in numbers if isinstance(n, int)) * all(
        isinstance(n, int) for n in numbers
    )
