"""Folds of partial results, as `rfactor` leaves them: what is folded, and what makes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tvmlab.analysis.regions import iteration_ranges
from tvmlab.arith.simplify import linear
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Binary, Expr, Var
from tvmlab.ir.fold import Fold, fold_of, identities
from tvmlab.ir.program import Block, Iter, Program
from tvmlab.ir.walk import substitute, variables
from tvmlab.schedule.find import Site, sites


@dataclass(frozen=True)
class PartialResults:
    """A block that folds partial results by one operator, and the block that folds into them.

    Attributes:
        whole, maker: where the two blocks stand.
        target: the element that results are folded into, at variables alone.
        part: the partial result that is folded, at variables alone.
        number: the variable of `whole` that numbers the partial results.
        made: the variable of `maker` that numbers them.
        term: what `maker` folds.
        to_whole: the other variables of `maker` that name a result -> those of `whole`.
    """

    whole: Site
    maker: Site
    target: Load
    part: Load
    number: Iter
    made: Var
    term: Expr
    to_whole: Mapping[Var, Expr]

    @classmethod
    def of(cls, program: Program, site: Site, operator: str) -> PartialResults | None:
        """Those that a block folds; None where it folds none, or by something else."""
        folded = [it for it in site.block.iters if it.is_reduce]
        own = _fold(site.block, operator)
        if own is None or len(folded) != 1 or not isinstance(own.terms[0], Load):
            return None
        part, (number,) = own.terms[0], folded
        writers = [s for s in sites(program) if part.buffer in [w.buffer for w in s.block.writes]]
        inner = _fold(writers[0].block, operator) if len(writers) == 1 else None
        if inner is None or part.buffer in program.params:
            return None
        (maker,), made = writers, inner.targets[0]
        if not _are_variables(own.targets[0]) or not _are_variables(part):
            return None
        if not _are_variables(made) or number.var not in part.indices:
            return None
        pairs = {
            var: index
            for var, index in zip(made.indices, part.indices, strict=True)
            if isinstance(var, Var)
        }
        (last,) = (var for var, index in pairs.items() if index is number.var)
        to_whole = {var: index for var, index in pairs.items() if var is not last}
        return cls(
            site, maker, own.targets[0], part, number, last, inner.terms[0], to_whole
        )  # fmt: skip

    @property
    def buffer(self) -> Buffer:
        """What the results are in."""
        return self.target.buffer

    def run_of(self, load: Load) -> tuple[int, int] | None:
        """Which dimension of what `maker` reads is cut among partial results, and how.

        Returns:
            the dimension, and how many elements in a row belong to one partial result, the first
            to number 0, the next to number 1; None where it is not cut so.
        """
        ranges = iteration_ranges(self.maker.block.iters)
        cut = [n for n, index in enumerate(load.indices) if self.made in variables(index)]
        if len(cut) != 1:
            return None
        total = linear(load.indices[cut[0]], {})
        width = total.terms.get(self.made, 0)
        rest = type(total)({v: c for v, c in total.terms.items() if v is not self.made}, 0)
        low, high = rest.interval(ranges)
        if total.constant or width < 1 or low < 0 or high >= width:
            return None
        return cut[0], width

    def at_whole(self, index: Expr) -> Expr | None:
        """An index of what `maker` reads, over the variables of `whole`; None where it is over
        others than those that name a result."""
        if not variables(index) <= self.to_whole.keys():
            return None
        return substitute(index, self.to_whole)


def _fold(block: Block, operator: str) -> Fold | None:
    """The fold of one result by an operator that a block is."""
    fold = fold_of(block.body)
    if fold is None or fold.is_named or identities(block) is None or len(fold.targets) != 1:
        return None
    (result,) = fold.results
    return fold if isinstance(result, Binary) and result.op == operator else None


def _are_variables(load: Load) -> bool:
    """Whether an element is named by variables, no two of them one."""
    own = [i for i in load.indices if isinstance(i, Var)]
    return len(set(own)) == len(load.indices)
