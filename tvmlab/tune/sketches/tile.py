"""Multi-level tiling of what folds: tasks, blocks, steps of the fold, tiles in registers."""

from __future__ import annotations

from tvmlab.tune.sketches.partial import Partial
from tvmlab.tune.sketches.tiling import Tiling


class Tile:
    """Cut the loops of a fold as SSRSRS, and compute what follows it within."""

    name = "tile"

    def applies(self, partial: Partial, block: str) -> bool:
        """Whether it is a fold whose operands serve several results."""
        return can_tile(partial, block)

    def apply(self, partial: Partial, block: str) -> list[Partial]:
        """Tiled."""
        return [partial.decide(tiling_of(partial, block), block)]


def tiling_of(partial: Partial, block: str) -> Tiling:
    """How a fold is tiled after what was decided of it."""
    return Tiling(
        partial.stage(block),
        block,
        partial.vectors,
        block in partial.packed,
        partial.followers.get(block),
        block in partial.laid_out,
    )


def can_tile(partial: Partial, block: str) -> bool:
    """Whether a block folds, one result of it, what it loads serves several elements, and vectors
    along its last dimension can be loaded from the operands or from copies of them."""
    stage = partial.stage(block)
    if not stage.reduce_axes or not stage.axes or len(stage.results) > 1:
        return False
    tiling = Tiling(stage, block, partial.vectors)
    return tiling.serves and (tiling.is_along_memory or "right" in tiling.packs)
