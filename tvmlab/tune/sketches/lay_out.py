"""Layouts of constants: a fold reads weights through whole copies in the order of its tiles.

The copies are made of constants alone, so they are made once and no call pays for them. There is
no alternative to keep: as they stand, weights are read no faster.
"""

from __future__ import annotations

from dataclasses import replace

from tvmlab.tune.sketches.partial import Partial
from tvmlab.tune.sketches.tile import can_tile, tiling_of


class LayOut:
    """Let a fold read what is the same at every call in the order in which its tiles want it."""

    name = "lay_out"

    def applies(self, partial: Partial, block: str) -> bool:
        """Whether it is a fold worth tiles, with a constant operand, that needs no other copies or
        may have them."""
        if not can_tile(partial, block) or block in partial.laid_out:
            return False
        tiling = tiling_of(self._laid_out(partial, block), block)
        return bool(tiling.constants) and (tiling.is_along_memory or "right" in tiling.packs)

    def apply(self, partial: Partial, block: str) -> list[Partial]:
        """Laid out."""
        return [self._laid_out(partial, block)]

    @staticmethod
    def _laid_out(partial: Partial, block: str) -> Partial:
        return replace(partial, laid_out=partial.laid_out | {block})
