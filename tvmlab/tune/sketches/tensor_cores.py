"""TensorCores: a product of narrow numbers becomes instructions of warps, each family a structure.

Which of them a device has is told by its architecture, and what it lacks is spelled out, so that
structures may be compared on any.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tvmlab.ops.gpu.matrix_part import MatrixPart
from tvmlab.ops.gpu.unit import UNITS, ThreadUnit
from tvmlab.tune.sketches.partial import Partial
from tvmlab.tune.sketches.share import Shared, makers_of


@dataclass(frozen=True)
class TensorCores:
    """Tile a product for warps, and execute its innermost loops as instructions.

    Attributes:
        unit: the processor to plan for.
    """

    unit: ThreadUnit = UNITS["cuda"]
    name = "tensor_cores"

    def applies(self, partial: Partial, block: str) -> bool:
        """Whether it is a product that the processor has instructions for."""
        return MatrixPart.of(partial.stage(block), block, self.unit) is not None

    def apply(self, partial: Partial, block: str) -> list[Partial]:
        """By the instructions of each family; and as it was."""
        part = MatrixPart.of(partial.stage(block), block, self.unit)
        assert part is not None, "it was asked whether the rule applies"
        makers = makers_of(partial, block, (part.product.left.name, part.product.right.name))
        made = [replace(part, families=(family,), makers=makers) for family in part.families]
        return [*(partial.decide(Shared(p), block, *makers.values()) for p in made), partial]
