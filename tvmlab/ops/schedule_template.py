"""What every template is: knobs for given outputs, a good choice of them, and their steps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from tvmlab.ops.knobs import Knob, Option
from tvmlab.ops.vector_unit import AVX512, VectorUnit
from tvmlab.schedule import Schedule
from tvmlab.te import Tensor


@dataclass(frozen=True)
class ScheduleTemplate(ABC):
    """A schedule with decisions left open, for one kind of expression on one target.

    Its `name` says all there is to know of it, so that another process finds the same template by
    `tvmlab.ops.template_named`.

    Attributes:
        vectors: the vector registers it plans for.
    """

    kind: ClassVar[str]
    target: ClassVar[str] = "cpu"
    vectors: VectorUnit = AVX512

    @property
    def name(self) -> str:
        """`kind/target/registers`, e.g. `matmul/cpu/32x512bit`."""
        return f"{self.kind}/{self.target}/{self.vectors}"

    @abstractmethod
    def knobs(self, outputs: Sequence[Tensor]) -> tuple[Knob, ...]:
        """The decisions left open for `outputs`."""

    @abstractmethod
    def default(self, outputs: Sequence[Tensor]) -> dict[str, Option]:
        """A good configuration without any search: one option of each knob."""

    @abstractmethod
    def apply(self, schedule: Schedule, config: Mapping[str, Any]) -> None:
        """Append to `schedule`, which has no steps yet, those that `config` stands for.

        Raises:
            ScheduleError: a step is illegal; the schedule keeps those before it.
        """
