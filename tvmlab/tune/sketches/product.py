"""Products: a fold that is a product of matrices once its loops are numbered anew is tiled as one.

Convolutions are: what their windows read is a view, made where a tile of it is fetched.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tvmlab.ops.gpu.product_part import ProductPart
from tvmlab.ops.gpu.unit import UNITS, ThreadUnit
from tvmlab.tune.sketches.partial import Partial
from tvmlab.tune.sketches.share import Shared, makers_of


@dataclass(frozen=True)
class Product:
    """Number the loops of a fold anew, and tile the product that it becomes.

    Attributes:
        unit: the processor to plan for.
    """

    unit: ThreadUnit = UNITS["opencl"]
    name = "product"

    def applies(self, partial: Partial, block: str) -> bool:
        """Whether it becomes one."""
        return ProductPart.of(partial.stage(block), block, self.unit) is not None

    def apply(self, partial: Partial, block: str) -> list[Partial]:
        """As a product; and as it was."""
        part = ProductPart.of(partial.stage(block), block, self.unit)
        assert part is not None, "it was asked whether the rule applies"
        sides = (part.contraction.left, part.contraction.right)
        makers = makers_of(partial, block, [side.load.buffer.name for side in sides])
        made = replace(part, makers=makers)
        return [partial.decide(Shared(made), block, *makers.values()), partial]
