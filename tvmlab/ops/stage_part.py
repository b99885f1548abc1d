"""What parts of a sketch that schedule a single stage have in common."""

from __future__ import annotations

from dataclasses import dataclass

from tvmlab.ir import dtypes
from tvmlab.ops.nest import loop_names
from tvmlab.te import Tensor


@dataclass(frozen=True)
class StagePart:
    """A stage that is scheduled by itself.

    Attributes:
        stage: the computation.
        block: its name.
    """

    stage: Tensor
    block: str

    @property
    def spatial(self) -> list[str]:
        """The names of its spatial loops, before any step."""
        return loop_names(self.stage)[: len(self.stage.axes)]

    @property
    def folded(self) -> list[str]:
        """The names of its fold's loops, before any step."""
        return loop_names(self.stage)[len(self.stage.axes) :]

    @property
    def size_bytes(self) -> int:
        """Of an element."""
        return dtypes.size_bytes(self.stage.dtype)
