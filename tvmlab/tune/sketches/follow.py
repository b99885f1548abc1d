"""Fusion of a fold with the map that reads it: its tiles are used up while they are near."""

from __future__ import annotations

from dataclasses import replace

from tvmlab.te import Tensor
from tvmlab.tune.sketches.partial import Partial
from tvmlab.tune.sketches.tile import can_tile


class Follow:
    """Compute a map, element for element of one fold, within the tiles of that fold."""

    name = "follow"

    def applies(self, partial: Partial, block: str) -> bool:
        """Whether it reads one fold that is worth tiles, and that nothing else reads, in place."""
        return bool(self._folds(partial, block))

    def apply(self, partial: Partial, block: str) -> list[Partial]:
        """Fused with the fold; and by itself."""
        fold = self._folds(partial, block)[0]
        fused = replace(partial.without(block), followers={**partial.followers, fold: block})
        return [fused, partial]

    @staticmethod
    def _folds(partial: Partial, block: str) -> list[str]:
        """The folds that the map may follow."""
        stages, stage = partial.stages, partial.stage(block)
        if not stages.is_map(block):
            return []
        return [
            other
            for other in stages.producers(block)
            if can_tile(partial, other)
            and stages.readers(other) == [block]
            and other not in stages.outputs
            and partial.stage(other).extents == stage.extents
            and all(_is_in_place(load.indices, stage) for load in stages.loads(block, other))
        ]


def _is_in_place(indices: tuple[object, ...], stage: Tensor) -> bool:
    return len(indices) == len(stage.axes) and all(
        index is axis for index, axis in zip(indices, stage.axes, strict=True)
    )
