"""Folds of two operands that are products of matrices once their loops are numbered anew.

A convolution is one: the rows are its output channels, the columns its pixels, and the terms the
elements of a window. What reads the image in that order (im2col) is a view, made where a tile of it
is fetched. A convolution in groups is as many products side by side.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import NamedTuple

from tvmlab import te
from tvmlab.intrin.matrix_tiles import TF32
from tvmlab.ir.buffer import Load
from tvmlab.ir.expr import Binary, Call, Cast, Const, Expr, Var
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


class Groups(NamedTuple):
    """An axis of the result that falls into parts, each with operands of its own: one operand
    depends on the part alone.

    Attributes:
        axis: it.
        size: of a part.
    """

    axis: Axis
    size: int


@dataclass(frozen=True)
class Contraction:
    """The sum, over axes that both operands depend on, of products of their elements.

    Attributes:
        stage: the computation.
        left, right: the operands; the last axis of the result is one of the right one's.
        groups: the axis that both depend on, if there is one.
    """

    stage: Tensor
    left: Side
    right: Side
    groups: Groups | None = None

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
        if used[0] | used[1] != set(stage.axes):
            return None
        groups = None
        if used[0] & used[1]:
            whose, groups = _groups(stage, loads, used[0] & used[1])
            if groups is None:
                return None
            used[whose].discard(groups.axis)
        order = sorted((0, 1), key=lambda n: stage.axes[-1] in used[n])
        left, right = (Side(loads[n], tuple(a for a in stage.axes if a in used[n])) for n in order)
        made = cls(stage, left, right, groups)
        return made if min(made.extents) > 1 else None

    @cached_property
    def _sizes(self) -> dict[Axis, int]:
        """Iterations of each axis, of that of groups within one."""
        sizes = dict(zip(self.stage.axes, self.stage.extents, strict=True))
        sizes |= {axis: axis.count for axis in self.stage.reduce_axes}
        return sizes | ({self.groups.axis: self.groups.size} if self.groups else {})

    @cached_property
    def _lead(self) -> tuple[int, ...]:
        """How many groups there are, if there are any."""
        if self.groups is None:
            return ()
        return (self.stage.extents[self.stage.axes.index(self.groups.axis)] // self.groups.size,)

    @property
    def _names(self) -> tuple[str, str, str]:
        """What the steps call rows, columns and terms; groups are before them."""
        rows, columns, terms = (f"p{len(self._lead) + n}" for n in range(3))
        return rows, columns, terms

    @cached_property
    def extents(self) -> tuple[int, int, int]:
        """Rows, columns and terms, of one group."""
        rows, columns = (
            prod(self._sizes[a] for a in side.axes) for side in (self.left, self.right)
        )
        return rows, columns, prod(axis.count for axis in self.stage.reduce_axes)

    @property
    def is_product(self) -> bool:
        """Whether it is a product of matrices as it stands."""
        loads = (self.left.load, self.right.load)
        return (
            len(self.stage.axes) == 2
            and self.groups is None
            and all(
                len(load.indices) == 2 and all(isinstance(i, Var) for i in load.indices)
                for load in loads
            )
        )

    def product(self, names: Sequence[str]) -> Tensor:
        """The product of matrices that it becomes, its loops named as the steps name them.

        Args:
            names: of the two operands.
        """
        m, n, terms = self.extents
        names_of = self._names
        k = te.reduce_axis((0, terms), name=names_of[2])
        wide, sides, lead = self.stage.dtype, (self.left, self.right), self._lead
        shapes = [
            (*lead, terms, size) if side.runs_along else (*lead, size, terms)
            for side, size in zip(sides, (m, n), strict=True)
        ]
        a, b = (
            te.placeholder(shape, side.load.dtype, name=name)
            for shape, side, name in zip(shapes, sides, names, strict=True)
        )

        def element(*at: Expr) -> Expr:
            *part, y, x = at
            left = a[(*part, k, y)] if self.left.runs_along else a[(*part, y, k)]
            right = b[(*part, k, x)] if self.right.runs_along else b[(*part, x, k)]
            if kind_of(self.stage) == TF32:
                return te.sum(te.tf32(left) * te.tf32(right), axis=k)
            return te.sum(left.astype(wide) * right.astype(wide), axis=k)

        axes = ("p0",) * len(lead) + names_of[:2]
        return te.compute((*lead, m, n), element, name=self.stage.name, axes=axes)

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
        whole = {axis: f"i{n}" for n, axis in enumerate((*stage.axes, *folded))}
        places, part = dict(whole), []
        if self.groups is not None:
            axis, size = self.groups
            places[axis], part = f"({whole[axis]} % {size})", [f"{whole[axis]} // {size}"]
        numbers = [
            _number(axes, places, self._sizes) for axes in (self.left.axes, self.right.axes, folded)
        ]
        schedule[block].transform_block_layout(
            f"{', '.join(whole.values())} -> {', '.join([*part, *numbers])}"
        )
        lead, terms = ["p0"] * len(part), self._names[2]
        views = []
        for side, name in zip((self.left, self.right), self._names, strict=False):
            source = side.load.buffer.name
            view = _new_block(schedule, block, source)
            if side.runs_along:
                turned = f"{', '.join([*lead, name, terms])} -> {', '.join([*lead, terms, name])}"
                schedule[view].transform_block_layout(turned)
                schedule[view].transform_layout(_written(schedule, view), turned)
            if source in makers:
                schedule[makers[source]].compute_inline()
            views.append(view)
        result = _written(schedule, block)
        store = _new_block(schedule, block, result)
        if not follower:
            return views, store
        # What follows takes results from the product itself, in its order.
        schedule[store].transform_block_layout(
            f"{', '.join([*lead, *self._names[:2]])} -> {', '.join(self._digits())}"
        )
        schedule[store].compute_inline()
        axes = ", ".join(whole[a] for a in stage.axes)
        schedule[follower].transform_block_layout(f"{axes} -> {', '.join([*part, *numbers[:2]])}")
        return views, follower

    def _digits(self) -> list[str]:
        """The axes of the result, told from groups, rows and columns."""
        found: dict[Axis, str] = {}
        for side, name in zip((self.left, self.right), self._names, strict=False):
            step = 1
            for axis in reversed(side.axes):
                above = name if step == 1 else f"{name} // {step}"
                found[axis] = above if axis is side.axes[0] else f"{above} % {self._sizes[axis]}"
                step *= self._sizes[axis]
        if self.groups is not None:
            axis, size = self.groups
            found[axis] = f"p0 * {size} + {found[axis]}"
        return [found[axis] for axis in self.stage.axes]


def _groups(
    stage: Tensor, loads: Sequence[Load], shared: Collection[Var]
) -> tuple[int, Groups | None]:
    """The groups that an axis of both operands makes, and the operand that depends on groups
    alone; None where it makes none."""
    if len(shared) != 1:
        return 0, None
    axis = next(a for a in stage.axes if a in shared)
    extent = stage.extents[stage.axes.index(axis)]
    for n, load in enumerate(loads):
        parts = [e for i in load.indices for e in exprs(i)]
        sizes = {
            int(e.b.value) for e in parts
            if isinstance(e, Binary) and e.op == "//" and e.a is axis and isinstance(e.b, Const)
        }  # fmt: skip
        divided = sum(isinstance(e, Binary) and e.op == "//" and e.a is axis for e in parts)
        if len(sizes) == 1 and divided == sum(e is axis for e in parts):
            (size,) = sizes
            return n, Groups(axis, size) if extent % size == 0 else None
    return 0, None


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
