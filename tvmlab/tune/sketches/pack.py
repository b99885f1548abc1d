"""Cache stages in another layout: operands are read through copies in panels.

Of weights, which stay the same from call to call, the copies can be made once beforehand: what is
said of constants' layouts elsewhere.
"""

from __future__ import annotations

from dataclasses import replace

from tvmlab.tune.sketches.partial import Partial
from tvmlab.tune.sketches.tile import can_tile
from tvmlab.tune.sketches.tiling import Tiling


class Pack:
    """Let a fold read its operands through copies, in the order in which its tiles want them."""

    name = "pack"

    def applies(self, partial: Partial, block: str) -> bool:
        """Whether it is a fold worth tiles and an operand can be cut in panels."""
        if not can_tile(partial, block):
            return False
        return bool(Tiling(partial.stage(block), block, partial.vectors, True).packs)

    def apply(self, partial: Partial, block: str) -> list[Partial]:
        """Through copies, and as the operands stand where vectors may be loaded from them."""
        packed = replace(partial, packed=partial.packed | {block})
        plain = Tiling(partial.stage(block), block, partial.vectors)
        return [partial, packed] if plain.is_along_memory else [packed]
