"""A state at sizes small enough that every access can be followed: a crop, the same steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

from tvmlab.analysis.access_trace import trace_room
from tvmlab.arith import Interval
from tvmlab.arith.simplify import linear, loop_range
from tvmlab.errors import ScheduleError, UsageError
from tvmlab.ir.expr import Var
from tvmlab.ir.program import Program
from tvmlab.ir.walk import blocks_with_loops
from tvmlab.lower.storage import shrink_storage
from tvmlab.schedule import State, Step
from tvmlab.schedule.find import Site, find_site
from tvmlab.schedule.open_step import plain
from tvmlab.schedule.primitives import Split
from tvmlab.schedule.recipes.tile import Tile
from tvmlab.te.crop import croppable_axes, cropped
from tvmlab.te.graph import block_names
from tvmlab.te.reduction import Axis

MOST_ACCESSES = 1_400_000
"""Accesses, happening or not, that are followed: the product of two matrices of 64 x 64, and about
a second of work in all."""

LEAST_EXTENT = 16
"""Iterations below which an axis goes only where nothing else is left."""

ROUNDS = 3
"""How often the sizes are made smaller where steps make the program touch more than it did."""


@dataclass(frozen=True)
class Resized:
    """An axis whose extent is another in the toy."""

    name: str
    whole: int
    toy: int


@dataclass(frozen=True)
class Toy:
    """A state at toy sizes.

    Attributes:
        state: the same steps on a smaller graph; the state itself where that is small enough.
        axes: what became smaller.
    """

    state: State
    axes: tuple[Resized, ...]

    def changed(self, steps: Sequence[Step]) -> list[str]:
        """Those of `steps` that have other factors here, as they are here."""
        pairs = zip(steps, self.state.steps, strict=True)
        return [str(small) for step, small in pairs if small != plain(step)]

    @property
    def scale(self) -> float:
        """The mean factor by which an axis became smaller, at most 1."""
        if not self.axes:
            return 1.0
        shares = [axis.toy / axis.whole for axis in self.axes]
        return float(prod(shares) ** (1 / len(shares)))


def stored(program: Program) -> Program:
    """A scheduled program with intermediates as small as lowering makes them."""
    return shrink_storage(program)


class RefusedSmaller(UsageError):
    """A step that is legal is not so at toy sizes; `number` counts steps from 1."""

    def __init__(self, number: int, step: Step, why: str, axes: Sequence[Resized]) -> None:
        sizes = ", ".join(f"{axis.name} = {axis.toy}" for axis in axes)
        super().__init__(
            f"at the toy sizes ({sizes}) step {number}, {step}, is refused: {why}; "
            "a workload with smaller extents of its own shows it."
        )
        self.number = number
        self.axes = tuple(axes)


def toy_of(state: State) -> Toy:
    """`state` at the largest sizes at which its accesses can be followed.

    An axis whose length a step relies on, as a layout of blocks of 32 does, stays as long as it is.

    Raises:
        UsageError: it is too large and cannot be cropped, or a step is refused at smaller sizes.
    """
    if trace_room(state.program) <= MOST_ACCESSES:
        return Toy(state, ())
    axes = croppable_axes(state.outputs)
    while True:
        try:
            return _cropped(state, axes)
        except RefusedSmaller as refused:
            axis = _relied_on(state, axes, refused)
            if axis is None:
                raise
            axes.remove(axis)


def _cropped(state: State, axes: Sequence[Axis]) -> Toy:
    """`state` with `axes` so short that its accesses can be followed."""
    multiples = _multiples(state)
    extents = {axis: axis.count for axis in axes}
    for _ in range(ROUNDS):
        start = state.first
        while trace_room(start.program) > MOST_ACCESSES or start is state.first:
            if not _shrink(extents, multiples):
                break
            start = State.start(cropped(state.outputs, extents))
        resized = tuple(
            [Resized(a.name, a.count, extents[a]) for a in axes if extents[a] < a.count]
        )
        toy = Toy(_replayed(start, state.steps, resized), resized)
        if trace_room(toy.state.program) <= 2 * MOST_ACCESSES:
            return toy
        _shrink(extents, multiples)
    raise UsageError(
        f"{state.program.name} touches memory too often to be followed, even at toy sizes; "
        "look at a smaller workload."
    )


def _relied_on(state: State, axes: Sequence[Axis], refused: RefusedSmaller) -> Axis | None:
    """The one of `axes` that has to keep its length for the refused step to be legal; where it is
    not one alone, that which became shorter least. None where none became shorter."""
    toys = {axis.name: axis.toy for axis in refused.axes}
    extents = {axis: toys.get(axis.name, axis.count) for axis in axes}
    shorter = [axis for axis in axes if extents[axis] < axis.count]
    shorter.sort(key=lambda axis: axis.count / extents[axis])
    for axis in shorter:
        start = State.start(cropped(state.outputs, {**extents, axis: axis.count}))
        try:
            _replayed(start, state.steps[: refused.number], ())
        except RefusedSmaller:
            continue
        return axis
    return next(iter(shorter), None)


def at_sizes_of(toy: Toy, state: State) -> State:
    """Another state of the same expression at the sizes of `toy`.

    Raises:
        UsageError: a step is refused there.
    """
    return _replayed(toy.state.first, state.steps, toy.axes) if toy.axes else state


def _shrink(extents: dict[Axis, int], multiples: dict[Axis, list[int]]) -> bool:
    """Halve the longest axes, to a multiple of what their tiles cover; False where all are 1.

    An axis of a single tile is left alone as long as others can be halved without coming to
    nothing.
    """
    whole: dict[Axis, int] = {}
    cut: dict[Axis, int] = {}
    for axis, extent in extents.items():
        half = extent // 2
        tile = next((m for m in multiples.get(axis, ()) if m <= half), 1)
        is_cut = tile == 1 and axis in multiples
        (cut if is_cut else whole)[axis] = half - half % tile
    every = {**whole, **cut}
    choices = [{a: n for a, n in each.items() if n >= LEAST_EXTENT} for each in (whole, every)]
    halves = choices[0] or choices[1] or every
    longest = max(extents[axis] for axis in halves)
    if longest == 1:
        return False
    for axis, half in halves.items():
        if extents[axis] == longest:
            extents[axis] = half
    return True


def _multiples(state: State) -> dict[Axis, list[int]]:
    """For each axis, what one iteration of each loop over it covers, most first."""
    own = {name: (*t.axes, *t.reduce_axes) for t, name in block_names(state.outputs).items()}
    found: dict[Axis, list[int]] = {}
    for block, loops in blocks_with_loops(state.program.body):
        ranges: dict[Var, Interval] = {}
        for loop in loops:
            ranges[loop.var] = loop_range(loop, ranges)
        for axis, binding in zip(own.get(block.name, ()), block.bindings, strict=False):
            terms = linear(binding, ranges).terms
            covers = sorted({int(c) for v, c in terms.items() if isinstance(v, Var)}, reverse=True)
            if multiple := [c for c in covers if c > 1]:
                found[axis] = multiple
    return found


def _replayed(start: State, steps: Sequence[Step], axes: Sequence[Resized]) -> State:
    state = start
    for number, step in enumerate(steps, 1):
        try:
            state = state.apply(_fitted(plain(step), state))
        except ScheduleError as error:
            raise RefusedSmaller(number, step, error.refusal.why, axes) from None
    return state


def _fitted(step: Step, state: State) -> Step:
    """`step` with factors that go into its loops: outer ones halve before inner ones do."""
    site = find_site(state.program, step.block)
    factors = list(getattr(step, "factors", ()))
    if site is None or not factors or not isinstance(step, Split | Tile):
        return step
    if isinstance(step, Split):
        _fit(factors, range(len(factors)), site, step.loop)
    else:
        for n, loop in enumerate(step.loops):
            _fit(factors, (n,), site, loop)
    return replace(step, factors=tuple(factors))


def _fit(factors: list[int | None], places: Sequence[int], site: Site, name: str) -> None:
    """Make the factors at `places` cover no more than the loop `name` has iterations."""
    loop = site.loop(name)
    extent = loop.extent if loop is not None and isinstance(loop.extent, int) else None
    for place in places:
        while extent is not None and prod(factors[p] or 1 for p in places) > extent:
            factor = factors[place]
            if factor is None or factor == 1:
                break
            factors[place] = factor // 2
