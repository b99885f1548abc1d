"""A fold that is tiled as the product of matrices it becomes: convolutions as implicit GEMM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tvmlab.ops.gpu.contraction import Contraction
from tvmlab.ops.gpu.fold_part import FoldPart
from tvmlab.ops.gpu.matrix_part import MatrixPart
from tvmlab.ops.gpu.unit import ThreadUnit
from tvmlab.ops.knobs import Knob, Option
from tvmlab.ops.stage_part import StagePart
from tvmlab.schedule import Schedule
from tvmlab.te import Tensor


@dataclass(frozen=True)
class ProductPart(StagePart):
    """A contraction whose loops are numbered anew before they are tiled.

    Attributes:
        unit: the processor.
        contraction: what it is.
        follower: the block that takes up each result once, if there is one.
        makers: buffer -> the block that computes it, which becomes a part of its view.
    """

    unit: ThreadUnit
    contraction: Contraction
    follower: str = ""
    makers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        stage: Tensor,
        block: str,
        unit: ThreadUnit,
        follower: str = "",
        makers: Mapping[str, str] | None = None,
    ) -> ProductPart | None:
        """The part of a stage that becomes a product; None where it is one, or can be none."""
        contraction = Contraction.of(stage)
        if contraction is None or contraction.is_product:
            return None
        return cls(stage, block, unit, contraction, follower, makers or {})

    @property
    def word(self) -> str:
        """`product(C)`, and how that is tiled."""
        return f"product({self.block}) {self.inner.word}"

    @cached_property
    def inner(self) -> FoldPart | MatrixPart:
        """The part of the product, before its views have blocks."""
        sides = (self.contraction.left, self.contraction.right)
        return self._inner([f"{side.load.buffer.name}_reindex" for side in sides], "store")

    def _inner(self, views: Sequence[str], follower: str) -> FoldPart | MatrixPart:
        product = self.contraction.product(views)
        given = product, self.block, self.unit, follower, {name: name for name in views}
        return MatrixPart.of(*given) or FoldPart(*given)

    @property
    def is_for_warps(self) -> bool:
        """Whether instructions of warps compute it."""
        return isinstance(self.inner, MatrixPart)

    def knobs(self) -> list[Knob]:
        """Those of the product."""
        return self.inner.knobs()

    def default(self) -> dict[str, Option]:
        """That of the product."""
        return self.inner.default()

    def apply(self, schedule: Schedule, config: Mapping[str, Any]) -> None:
        """Number the loops anew, and tile the product."""
        views, follower = self.contraction.apply(schedule, self.block, self.follower, self.makers)
        self._inner(views, follower).apply(schedule, config)
