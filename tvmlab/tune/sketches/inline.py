"""Inlining: a map is written out where it is read, and nothing of it is stored.

Always where its readers are maps too and nothing costly is computed twice. Into a fold, which
reads elements many times, it is one of two ways: zeros around an image cost a mask there, and less
than a padded copy.
"""

from __future__ import annotations

from tvmlab.ops.reading import follows
from tvmlab.te.graph import is_constant
from tvmlab.tune.sketches.partial import Partial


class Inline:
    """Write a map out where it is read."""

    name = "inline"

    def applies(self, partial: Partial, block: str) -> bool:
        """Whether it is a map, no output, not of constants alone, and no reader computes a costly
        element twice."""
        stages = partial.stages
        readers = stages.readers(block)
        if block in stages.outputs or not stages.is_map(block) or not readers:
            return False
        if is_constant(stages.tensors[block]):
            return False  # made once, it costs no call anything
        return not stages.is_costly(block) or self._reads_once(partial, block, readers)

    def apply(self, partial: Partial, block: str) -> list[Partial]:
        """Inlined; where a fold reads it or a window of it, also as it was."""
        stages = partial.stages
        made = partial.inline(block)
        readers = stages.readers(block)
        if any(stages.definitions[reader].reduce_axes for reader in readers):
            return [made, partial]
        places = sum(len(stages.loads(reader, block)) for reader in readers)
        return [made] if places == 1 else [made, partial]

    @staticmethod
    def _reads_once(partial: Partial, block: str, readers: list[str]) -> bool:
        (reader, *others) = readers
        stage = partial.stage(reader)
        is_map = partial.stages.is_map(reader) and not others
        once = len(partial.stages.loads(reader, block)) == 1
        return is_map and once and follows(partial.stages.tensors[block], stage, stage.axes)
