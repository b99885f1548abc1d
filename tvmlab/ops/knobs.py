"""Knobs: the decisions a template leaves open, declared as plain data.

A knob is an ordered list of options under a name. A template declares its knobs for given outputs
and turns one option of each (a *configuration*: knob name -> option) into schedule steps; which
configurations are tried is no concern of either.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations
from math import prod
from typing import Any

from tvmlab.arith.factors import factorisations
from tvmlab.errors import UsageError

Option = int | str | bool | tuple[Any, ...]
"""A value a knob can take; hashable, and JSON but for tuples, which read back as lists."""


@dataclass(frozen=True)
class SplitKnob:
    """Factors, outermost first, that `parts` nested loops over `extent` iterations have.

    `policy` says which are offered: `factors` all tuples whose product is `extent`; `power2` those
    whose inner factors are powers of two and whose outermost covers the rest, rounding up, so that
    any extent can be split. `keep` drops the tuples it answers with False. A 512-iteration loop in
    two parts has 10 options, one in four parts 220.
    """

    name: str
    extent: int
    parts: int
    policy: str = "factors"
    keep: Callable[[tuple[int, ...]], bool] | None = None

    def __post_init__(self) -> None:
        if self.extent < 1 or self.parts < 1:
            raise UsageError(
                f"the split knob {self.name!r} divides {self.extent} iterations in {self.parts} "
                "parts; both must be at least 1."
            )
        if self.policy not in ("factors", "power2"):
            raise UsageError(
                f"the split knob {self.name!r} has the policy {self.policy!r}; "
                "'factors' and 'power2' are known."
            )

    @cached_property
    def options(self) -> tuple[tuple[int, ...], ...]:
        """Every tuple of `parts` factors that is offered, innermost varying fastest."""
        kept = tuple(t for t in self._tuples() if self.keep is None or self.keep(t))
        if not kept:
            raise UsageError(
                f"the split knob {self.name!r} keeps no way to divide {self.extent} iterations in "
                f"{self.parts} parts; loosen its filter."
            )
        return kept

    def _tuples(self) -> list[tuple[int, ...]]:
        if self.policy == "factors":
            return factorisations(self.extent, self.parts)
        inner: list[tuple[int, ...]] = [()]
        for _ in range(self.parts - 1):
            inner = [
                (*t, 1 << p)
                for t in inner
                for p in range(self.extent.bit_length())
                if prod(t) << p <= self.extent
            ]
        return [(-(-self.extent // prod(t)), *t) for t in inner]


@dataclass(frozen=True)
class ChoiceKnob:
    """One of `options`: an annotation, an unroll depth, a layout, yes or no."""

    name: str
    options: tuple[Option, ...]

    def __post_init__(self) -> None:
        if not self.options:
            raise UsageError(f"the choice knob {self.name!r} offers nothing; give an option.")


@dataclass(frozen=True)
class OrderKnob:
    """An order of `axes`, outermost first; `keep` drops the orders it answers with False."""

    name: str
    axes: tuple[str, ...]
    keep: Callable[[tuple[str, ...]], bool] | None = None

    @cached_property
    def options(self) -> tuple[tuple[str, ...], ...]:
        """Every order that is offered, lexicographic in the order of `axes`."""
        kept = tuple(o for o in permutations(self.axes) if self.keep is None or self.keep(o))
        if not kept:
            raise UsageError(f"the order knob {self.name!r} keeps no order; loosen its filter.")
        return kept


Knob = SplitKnob | ChoiceKnob | OrderKnob
"""Any knob; each has a `name` and an ordered, never empty tuple of `options`."""
