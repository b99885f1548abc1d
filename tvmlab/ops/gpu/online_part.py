"""Two products with a softmax between them, of rows of any length: online softmax on TensorCores.

A block of threads takes some rows, and their columns part by part (FlashAttention: Dao et al.,
2022, arXiv 2205.14135). Of each part it makes scores, their greatest value, weights and the second
product as of a whole row (`tvmlab.ops.gpu.chained_part`); then its threads, which keep the results
so far in registers, rescale both and add them (`rescale`). So nothing but operands and results is
in the device's memory, however long rows are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

from tvmlab.ir.buffer import Load
from tvmlab.ir.expr import Binary, Call, Cast, Const, Expr
from tvmlab.ops.gpu.chained_part import COLUMNS, WARP, ChainedPart, dividing, product_of
from tvmlab.ops.gpu.grid import bind_to_grid
from tvmlab.ops.gpu.matrix_part import RESULT_BYTES
from tvmlab.ops.gpu.team import Team, own_loops, site_of
from tvmlab.ops.gpu.warp_tiles import Inside, Share, WarpTiles
from tvmlab.ops.knobs import ChoiceKnob, Knob
from tvmlab.ops.nest import Nest, Part, extents_inside, factored, inner_extents
from tvmlab.schedule import Schedule
from tvmlab.te.graph import terms_of
from tvmlab.te.reduction import Reduce, Reducer

MOST_SUMS = 32
"""Results that a thread keeps: each with its greatest value, and the part's beside them, so three
registers of the 255 that it has."""


@dataclass(frozen=True)
class OnlinePart(ChainedPart):
    """The second product, and what its left operand is made of, part by part."""

    counted: ClassVar[int] = 7
    verb: ClassVar[str] = "online"

    @property
    def fits(self) -> bool:
        """Whether a softmax is between the products, and there is memory for a part."""
        return self._is_softmax and super().fits

    @property
    def _is_softmax(self) -> bool:
        """Whether rows become exp((score - greatest) * scale), and sums of these."""
        folds = {n: s for n, s in self.between.items() if s.reduce_axes}
        greatest = [n for n, s in folds.items() if _operator(s.body) == "max"]
        others = [s for n, s in folds.items() if n not in greatest]
        if len(greatest) != 1 or len(self.between) != len(folds) + 1 or not self.follower:
            return False
        if not all(_operator(s.body) == "+" for s in others):
            return False
        (value,) = terms_of(self.between[self.maker])
        return _is_weight(value, self.first.name, self.between[greatest[0]].name)

    # ---- decisions

    def knobs(self) -> list[Knob]:
        """Those of whole rows, and the columns of a part."""
        known = super().knobs()
        part = ChoiceKnob(f"{self.block}.part", dividing(COLUMNS, self._row))
        return [*known[:6], part, *known[6:]]

    def _is_usual(self, *tile: Any) -> bool:
        (down, _), (across, _), _, columns, *_, part = tile
        m, n = prod(tile[0]), prod(tile[1])
        return (
            part % columns == 0
            and m * n <= MOST_SUMS * WARP * down * across
            and super()._is_usual(*tile)
        )

    def _shared_bytes(self, *tile: Any) -> int:
        """That of a row as long as a part, and of the pairs of its sums."""
        *others, part = tile
        pairs: int = 2 * RESULT_BYTES * prod(others[0]) * len(self.between)
        return self._bytes_of(part, *others) + pairs

    def _cost(self, *tile: Any) -> tuple[float, ...]:
        """As of whole rows; of parts the longest, which are rescaled least."""
        *others, part = tile
        return (*super()._cost(*others), -part)

    # ---- steps

    def apply(self, schedule: Schedule, config: Mapping[str, Any]) -> None:
        """Cut rows into parts; the results in a grid of blocks, and the parts in a loop of one."""
        y, x, k, columns, terms, _, part = (knob.name for knob in self.knobs()[: self.counted])
        rows, features = Share(*config[y]), Share(*config[x])
        partial = self._in_parts(schedule, config[part])
        at, loop = self._grid(schedule, prod(rows))
        how = self._how(rows, config)
        tiled = WarpTiles(product_of(self.stage), columns=features, step=config[k], **how).apply(
            schedule, partial.pop(self.block), "", {product_of(self.stage).left.name: self.maker},
            ready=[self.maker], inside=Inside(self.block, loop),
        )  # fmt: skip
        made = {partial.get(name, name): name in partial for name in self.between}
        reader = self._make_rows(schedule, tiled, made)
        turn = Share(features.warps, min(config[columns], config[part]) // features.warps)
        WarpTiles(product_of(self.first), columns=turn, step=config[terms], **how).apply(
            schedule, self.first_block, "", {}, inside=Inside(reader, loop, at)
        )
        self._fold_parts(schedule, at, loop, tiled.team)

    @property
    def _sums(self) -> list[str]:
        """The folds of weights."""
        return [n for n, s in self.between.items() if _operator(s.body) == "+"]

    def _in_parts(self, schedule: Schedule, width: int) -> dict[str, str]:
        """Partial results of every fold of rows and of the second product, which lie one after the
        other, rescaled where they are folded: fold -> the block of its partial results."""
        found: dict[str, str] = {}
        folds = [name for name, stage in self.between.items() if stage.reduce_axes]
        for name in (*folds, self.block):
            outer, _ = schedule[name].split(str(own_loops(schedule, name)[-1].var.name), width)
            found[name] = factored(schedule, name, str(outer))
        (greatest,) = (name for name in folds if name not in self._sums)
        schedule[greatest].rescale()
        written = site_of(schedule, found[self.block]).block.writes[0].buffer
        *lead, p, c, number = (f"i{n}" for n in range(len(written.shape)))
        layout = f"{', '.join([*lead, p, c, number])} -> {', '.join([*lead, number, p, c])}"
        schedule[found[self.block]].transform_layout(written.name, layout)
        return found

    def _grid(self, schedule: Schedule, rows: int) -> tuple[str, str]:
        """The innermost loop over blocks, and inside it the one over parts, of all folds."""
        stage = schedule[self.block]
        extents = inner_extents(schedule, self.block, 0)
        *others, y, x, k = extents
        order: list[Part] = [*((n, 0) for n in others), (y, 0), (k, 0), (y, 1), (x, 0)]
        loops = Nest(extents, order, {y: (rows,)}).apply(stage)
        at = bind_to_grid(schedule, self.block, [loops[p] for p in order[-3:] if p in loops])
        schedule[self.follower].reverse_compute_at(self.block, at)
        loop = loops[k, 0]
        for name in self._sums:
            schedule[name].compute_at(self.follower, at)
            *rest, number = extents_inside(schedule, name, at)
            schedule[name].reorder(number, *rest)
            loop = str(stage.merge(loop, name, number))
        return at, loop

    def _fold_parts(self, schedule: Schedule, at: str, loop: str, team: Team) -> None:
        """All threads fold parts: the sums of rows in shared memory, results in their registers,
        where the block after it finds them."""
        for name in (*self._sums, self.block):
            known = set(schedule.blocks)
            schedule[name].decompose_reduction(loop)
            (first,) = set(schedule.blocks) - known
            team.take(schedule, first, list(extents_inside(schedule, first, at)))
            team.take(schedule, name, list(extents_inside(schedule, name, loop)))
        team.take(schedule, self.follower, list(extents_inside(schedule, self.follower, at)))
        for name in (*self._sums, self.block):
            for region in site_of(schedule, name).block.writes:
                scope = "local" if name == self.block else "shared"
                schedule[name].set_scope(region.buffer.name, scope)


def _operator(body: Expr | None) -> str:
    """What a computation of one result folds by; "" where it is no operator."""
    found = body.reducer if isinstance(body, Reduce) else None
    return found.operator if isinstance(found, Reducer) else ""


def _is_weight(value: Expr, scores: str, greatest: str) -> bool:
    """Whether a value is exp((score - greatest) * scale), converted or not."""
    while isinstance(value, Cast):
        value = value.value
    if not isinstance(value, Call) or value.function != "exp":
        return False
    (inside,) = value.args
    if isinstance(inside, Binary) and inside.op == "*":
        sides = (inside.a, inside.b)
        if not any(isinstance(e, Const) and e.value > 0 for e in sides):
            return False
        inside = next(e for e in sides if not isinstance(e, Const))
    if not isinstance(inside, Binary) or inside.op != "-":
        return False
    pair = (inside.a, inside.b)
    return [e.buffer.name for e in pair if isinstance(e, Load)] == [scores, greatest]
