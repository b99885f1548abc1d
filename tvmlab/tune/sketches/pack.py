"""Cache stages in another layout: operands are read through copies in panels, made by each call."""

from __future__ import annotations

from dataclasses import replace

from tvmlab.tune.sketches.partial import Partial
from tvmlab.tune.sketches.tile import can_tile, tiling_of


class Pack:
    """Let a fold read its operands through copies, in the order in which its tiles want them."""

    name = "pack"

    def applies(self, partial: Partial, block: str) -> bool:
        """Whether it is a fold worth tiles and an operand can be cut in panels."""
        if not can_tile(partial, block):
            return False
        return bool(tiling_of(partial, block).packs)

    def apply(self, partial: Partial, block: str) -> list[Partial]:
        """Through copies, and as the operands stand where vectors may be loaded from them."""
        packed = replace(partial, packed=partial.packed | {block})
        return [partial, packed] if tiling_of(partial, block).is_along_memory else [packed]
