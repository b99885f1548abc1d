"""What drafts of one expression share: where they begin, and what was found out for others."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from tvmlab.ir.expr import Var
from tvmlab.ir.program import Program
from tvmlab.te import Tensor
from tvmlab.te.graph import block_names
from tvmlab.tune.features.drafts.scaffold import DraftLoop, Scaffold
from tvmlab.tune.features.drafts.unasked import UnaskedState
from tvmlab.tune.features.statement import Statement

PROGRAMS, NESTS = 1 << 10, 1 << 14
"""So many programs are remembered, those that layouts and partial results make, and nests."""


class Ground:
    """Where drafts of `outputs` begin; NotDrafted where only a call tells the extents of loops.

    Attributes:
        state: the state before any step, which remembers those that follow.
        names: the blocks of the tensors computed.
        read: statements of blocks in nests of their own, by what made these.
    """

    def __init__(self, outputs: Sequence[Tensor]) -> None:
        self.state = UnaskedState.start(outputs)
        self.names = block_names(outputs)
        self.read: dict[Hashable, list[Statement]] = {}
        self._met: dict[Var, DraftLoop] = {}
        self._scaffolds: dict[int, tuple[Program, Scaffold]] = {}
        self.scaffold(self.state.program)

    def scaffold(self, program: Program) -> Scaffold:
        """The scaffold of a program; whoever wants to change it takes a copy."""
        known = self._scaffolds.get(id(program))
        if known is None:
            known = (program, Scaffold.of(program, self._met))
            self._scaffolds[id(program)] = known
        return known[1]

    @property
    def is_full(self) -> bool:
        """Whether so much is remembered that a new one had better be begun."""
        return len(self._scaffolds) > PROGRAMS or len(self.read) > NESTS
