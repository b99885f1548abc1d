"""What an exercise is about: an operator of the library, or an expression, at given sizes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tvmlab import ops
from tvmlab.errors import TvmlabError, UsageError
from tvmlab.te import Tensor
from tvmlab.te.serial import from_json
from tvmlab.te.specialise import specialise_tensors

Sizes = Mapping[str, Any]


@dataclass(frozen=True)
class Subject:
    """A tensor expression that can be had at other sizes as well.

    Attributes:
        operator: the name of an operator; empty where `expression` is given.
        expression: an expression as `tvmlab.te.serial.to_json` writes it; None for an operator.
        sizes: the operator's arguments, or the values of the expression's sizes.
    """

    operator: str = ""
    expression: Mapping[str, Any] | None = None
    sizes: Sizes = field(default_factory=dict)

    @classmethod
    def read(cls, table: Mapping[str, Any]) -> Subject:
        """The subject that the table `workload` of an exercise's file says.

        Raises:
            UsageError: it says none.
        """
        text = table.get("expression")
        known = {"operator", "expression", "sizes"}
        is_odd = set(table) - known or not isinstance(table.get("sizes", {}), dict)
        if is_odd or ("operator" in table) == (text is not None):
            raise UsageError(
                "the workload of an exercise has either an operator or an expression, and sizes."
            )
        try:
            expression = None if text is None else json.loads(text)
        except (TypeError, ValueError) as error:
            raise UsageError(f"the exercise's expression is not JSON ({error}).") from None
        return cls(str(table.get("operator", "")), expression, dict(table.get("sizes", {})))

    def at(self, sizes: Sizes | None = None) -> tuple[Tensor, ...]:
        """The outputs at the exercise's sizes, those in `sizes` replaced.

        Raises:
            UsageError: no such operator or size, or a value that cannot be.
        """
        wanted = {**self.sizes, **(sizes or {})}
        if self.expression is None:
            return ops.get(self.operator)(**wanted).tensors
        try:
            return specialise_tensors(from_json(dict(self.expression)), wanted)
        except TvmlabError as error:
            raise UsageError(f"the exercise's expression cannot be read: {error}") from None

    @property
    def line(self) -> str:
        """The Python that makes it, for an operator; else its kind in words."""
        if self.expression is not None:
            return "an expression of its own"
        given = ", ".join(f"{name}={value!r}" for name, value in self.sizes.items())
        return f"t.ops.{self.operator}({given})"
