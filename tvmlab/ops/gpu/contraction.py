"""Folds of two operands that are products of matrices once their loops are numbered anew.

A convolution is one: the rows are its output channels, the columns its pixels, and the terms the
elements of a window. What reads the image in that order (im2col) is a view, made where a tile of it
is fetched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

from tvmlab import te
from tvmlab.intrin.matrix_tiles import TF32
from tvmlab.ir.buffer import Load
from tvmlab.ir.expr import Binary, Call, Cast, Expr, Var
from tvmlab.ir.walk import exprs, variables
from tvmlab.ops.gpu.team import site_of
from tvmlab.schedule import Schedule
from tvmlab.te import Tensor
from tvmlab.te.graph import terms_of
from tvmlab.te.reduction import Axis, Reduce


@dataclass(frozen=True)
class Side:
    """An operand.

    Attributes:
        load: where it is read.
        axes: those of the result that it alone depends on.
    """

    load: Load
    axes: tuple[Axis, ...]

    @property
    def runs_along(self) -> bool:
        """Whether neighbours in memory differ in its own axes, not in the terms alone."""
        return bool(variables(self.load.indices[-1]) & set(self.axes))


@dataclass(frozen=True)
class Contraction:
    """The sum, over axes that both operands depend on, of products of their elements.

    Attributes:
        stage: the computation.
        left, right: the operands; the last axis of the result is one of the right one's.
    """

    stage: Tensor
    left: Side
    right: Side

    @classmethod
    def of(cls, stage: Tensor) -> Contraction | None:
        """The contraction that a stage is; None where it is none, or has no rows or columns."""
        loads = factors_of(stage)
        if len(loads) != 2 or loads[0].buffer is loads[1].buffer:
            return None
        folded = set(stage.reduce_axes)
        used: list[set[Var]] = []
        for load in loads:
            found = set().union(*map(variables, load.indices))
            is_data = any(isinstance(e, Load) for i in load.indices for e in exprs(i))
            if is_data or not folded <= found:
                return None
            used.append(found - folded)
        if used[0] & used[1] or used[0] | used[1] != set(stage.axes):
            return None
        order = sorted((0, 1), key=lambda n: stage.axes[-1] in used[n])
        sides = [Side(loads[n], tuple(a for a in stage.axes if a in used[n])) for n in order]
        made = cls(stage, *sides)
        return made if min(made.extents) > 1 else None

    @cached_property
    def extents(self) -> tuple[int, int, int]:
        """Rows, columns and terms."""
        sizes = dict(zip(self.stage.axes, self.stage.extents, strict=True))
        rows, columns = (prod(sizes[a] for a in side.axes) for side in (self.left, self.right))
        return rows, columns, prod(axis.count for axis in self.stage.reduce_axes)

    @property
    def is_product(self) -> bool:
        """Whether it is a product of matrices as it stands."""
        loads = (self.left.load, self.right.load)
        return len(self.stage.axes) == 2 and all(
            len(load.indices) == 2 and all(isinstance(i, Var) for i in load.indices)
            for load in loads
        )

    def product(self, names: Sequence[str]) -> Tensor:
        """The product of matrices that it becomes, its loops named as the steps name them.

        Args:
            names: of the two operands.
        """
        m, n, terms = self.extents
        k = te.reduce_axis((0, terms), name="p2")
        wide, sides = self.stage.dtype, (self.left, self.right)
        shapes = [
            (terms, size) if side.runs_along else (size, terms)
            for side, size in zip(sides, (m, n), strict=True)
        ]
        a, b = (
            te.placeholder(shape, side.load.dtype, name=name)
            for shape, side, name in zip(shapes, sides, names, strict=True)
        )

        def element(y: Expr, x: Expr) -> Expr:
            left = a[k, y] if self.left.runs_along else a[y, k]
            right = b[k, x] if self.right.runs_along else b[x, k]
            if kind_of(self.stage) == TF32:
                return te.sum(te.tf32(left) * te.tf32(right), axis=k)
            return te.sum(left.astype(wide) * right.astype(wide), axis=k)

        return te.compute((m, n), element, name=self.stage.name, axes=("p0", "p1"))

    # ---- steps

    def apply(
        self, schedule: Schedule, block: str, follower: str, makers: Mapping[str, str]
    ) -> tuple[list[str], str]:
        """Number the loops anew: the blocks of both operands' views, each named like the buffer
        that it makes, and the block that takes up each result once.

        Args:
            follower: the block that takes up the results now; "" if there is none.
            makers: operand -> the block that computes it; it becomes a part of the view.

        Raises:
            ScheduleError: a step is illegal.
        """
        stage, folded = self.stage, self.stage.reduce_axes
        places = {axis: f"i{n}" for n, axis in enumerate((*stage.axes, *folded))}
        sizes = dict(zip(stage.axes, stage.extents, strict=True)) | {a: a.count for a in folded}
        numbers = [
            _number(axes, places, sizes) for axes in (self.left.axes, self.right.axes, folded)
        ]
        schedule[block].transform_block_layout(
            f"{', '.join(places.values())} -> {', '.join(numbers)}"
        )
        views = []
        for side, name in ((self.left, "p0"), (self.right, "p1")):
            source = side.load.buffer.name
            view = _new_block(schedule, block, source)
            if side.runs_along:
                schedule[view].transform_block_layout(f"{name}, p2 -> p2, {name}")
                schedule[view].transform_layout(
                    _written(schedule, view), f"{name}, p2 -> p2, {name}"
                )
            if source in makers:
                schedule[makers[source]].compute_inline()
            views.append(view)
        result = _written(schedule, block)
        store = _new_block(schedule, block, result)
        if not follower:
            return views, store
        # What follows takes results from the product itself, in its order.
        schedule[store].transform_block_layout(
            f"p0, p1 -> {', '.join(self._digits(places, sizes))}"
        )
        schedule[store].compute_inline()
        axes = ", ".join(places[a] for a in stage.axes)
        schedule[follower].transform_block_layout(f"{axes} -> {', '.join(numbers[:2])}")
        return views, follower

    def _digits(self, places: Mapping[Axis, str], sizes: Mapping[Axis, int]) -> list[str]:
        """The axes of the result, told from rows p0 and columns p1."""
        found: dict[Axis, str] = {}
        for side, name in ((self.left, "p0"), (self.right, "p1")):
            step = 1
            for axis in reversed(side.axes):
                above = name if step == 1 else f"{name} // {step}"
                found[axis] = above if axis is side.axes[0] else f"{above} % {sizes[axis]}"
                step *= sizes[axis]
        return [found[axis] for axis in self.stage.axes]


def factors_of(stage: Tensor) -> list[Load]:
    """The two elements whose products a stage sums up, converted or not; none if it does something
    else."""
    if not isinstance(stage.body, Reduce) or len(stage.results) > 1:
        return []
    (term,) = terms_of(stage)
    if getattr(stage.body.reducer, "operator", "") != "+":
        return []
    if not isinstance(term, Binary) or term.op != "*":
        return []
    if _is_rounded(term.a) != _is_rounded(term.b):
        return []
    values = [_element(e) for e in (term.a, term.b)]
    return [e for e in values if isinstance(e, Load)]


def kind_of(stage: Tensor) -> str:
    """The kind of the operands of which `factors_of` finds some, as `tvmlab.intrin` names it."""
    (term,) = terms_of(stage)
    assert isinstance(term, Binary), "it has factors"
    return TF32 if _is_rounded(term.a) else _element(term.a).dtype


def _is_rounded(e: Expr) -> bool:
    return isinstance(e, Call) and e.function == TF32


def _element(e: Expr) -> Expr:
    """What a factor is made of."""
    if isinstance(e, Call) and e.function == TF32:
        return e.args[0]
    return e.value if isinstance(e, Cast) else e


def _number(axes: Sequence[Axis], places: Mapping[Axis, str], sizes: Mapping[Axis, int]) -> str:
    """Several axes as one number, the last one its lowest digit."""
    steps = [prod(sizes[a] for a in axes[n + 1 :]) for n in range(len(axes))]
    return " + ".join(
        places[axis] if step == 1 else f"{places[axis]} * {step}"
        for axis, step in zip(axes, steps, strict=True)
    )


def _new_block(schedule: Schedule, block: str, buffer: str) -> str:
    """The block that copies for `block` what it finds in a buffer, or leaves there."""
    known = set(schedule.blocks)
    schedule[block].reindex(buffer)
    (made,) = set(schedule.blocks) - known
    return made


def _written(schedule: Schedule, block: str) -> str:
    return site_of(schedule, block).block.writes[0].buffer.name
