"""Programs of a schedule with holes as arrays, without scheduling each: closed forms of its knobs.

Where holes are factors of splits, and no step looks at an extent but splits, every program has the
same loops. A loop has the extent that its split gives it, and moves an index by what the parts
inside it come to: both are products, and one quotient rounded up, of factors. So one program is
scheduled and read, the loops' extents and steps are computed for a batch from its factors, and each
index of that program moves as much farther as its loop's step has grown.

Options that are no factors (an order, a loop by its name) make classes, each with a program of its
own. Where any of this does not hold there is no closed form, and configurations are looked at one
by one. Whether a configuration is legal is not seen here: an illegal one has what its
loops would have.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from math import inf, prod

import numpy as np

from tvmlab.errors import ScheduleError
from tvmlab.ir.expr import Var
from tvmlab.ir.program import Program
from tvmlab.ops.knobs import Option
from tvmlab.schedule import Step
from tvmlab.schedule.open_step import OpenStep, filled, plain
from tvmlab.schedule.primitives import (
    Annotate,
    CacheRead,
    ComputeInline,
    Parallel,
    Reorder,
    Split,
    Unroll,
    Vectorize,
)
from tvmlab.schedule.recipe import RecordedRecipe
from tvmlab.schedule.state import State
from tvmlab.tune.features.batches import drop_short_loops, first_by_work
from tvmlab.tune.features.nests import Nests, nests_of
from tvmlab.tune.features.statement import Reading, in_order, iterations
from tvmlab.tune.space import OpenSchedule, Space

EXTENTS_ASIDE = (Annotate, ComputeInline, Parallel, Reorder, Split, Unroll, Vectorize)
"""Steps that do the same whatever the extents are, splits apart. A copy does before any split."""

CLASSES = 64
"""So many classes are learnt beforehand, a few hundredths of a second each; of a space with more,
configurations are looked at one by one."""

ATTEMPTS = 4
"""So many programs of a class are tried for a legal one."""

Factor = tuple[int, int | None] | int | None
"""Of a split: knob and the place in its option (None: the whole), a number, or what is left."""


@dataclass(frozen=True)
class Cut:
    """One split: a loop of `extent` iterations before any split, or one that another made."""

    loop: Var
    extent: int
    factors: tuple[Factor, ...]
    made: tuple[Var, ...]


class ClosedForms:
    """The programs of a space's configurations as arrays; `of` says whether there are such."""

    def __init__(self, fixed: list[int], classes: dict[bytes, _Class]) -> None:
        self._fixed = fixed
        self._classes = classes

    @classmethod
    def of(cls, space: Space) -> ClosedForms | None:
        """The closed forms of a space; None where its schedule has none."""
        if space.holes is None:
            return None
        steps = list(_flat(space.holes.steps))
        first = list(takewhile(lambda step: isinstance(step, CacheRead), steps))
        if not all(isinstance(_plain(step), EXTENTS_ASIDE) for step in steps[len(first) :]):
            return None
        free = _factors(steps, [knob.name for knob in space.knobs])
        fixed = [n for n in range(len(space.knobs)) if n not in free]
        if not free or prod(space.radices[fixed].tolist()) > CLASSES:
            return None
        classes: dict[bytes, _Class] = {}
        grid = np.indices(space.radices[fixed].tolist(), dtype=np.int64)
        for kind in grid.reshape(len(fixed), -1).T if fixed else [np.empty(0, np.int64)]:
            made = _learnt(space, space.holes, steps, free, dict(zip(fixed, kind, strict=True)))
            if made is None:
                return None
            classes[kind.tobytes()] = made
        return cls(fixed, classes)

    def classes(self, digits: np.ndarray, statements: int) -> Iterator[tuple[np.ndarray, Nests]]:
        """For each class met in `digits` (n, knobs), which rows are of it and their arrays, of so
        many statements at most."""
        kinds = np.ascontiguousarray(digits[:, self._fixed])
        for kind in np.unique(kinds, axis=0):
            rows = np.flatnonzero((kinds == kind).all(axis=1))
            yield rows, self._classes[kind.tobytes()].nests(digits[rows], statements)


def _plain(step: Step) -> Step:
    return step.step if isinstance(step, OpenStep) else step


def _factors(steps: Iterable[Step], names: list[str]) -> list[int]:
    """The knobs that are factors of splits and nothing else."""
    factors, others = set[str](), set[str]()
    for step in steps:
        for place in step.places if isinstance(step, OpenStep) else ():
            is_factor = isinstance(_plain(step), Split) and place.field == "factors"
            (factors if is_factor else others).add(place.hole.name)
    return sorted(names.index(name) for name in factors - others)


def _learnt(
    space: Space, holes: OpenSchedule, steps: list[Step], free: list[int], fixed: dict[int, int]
) -> _Class | None:
    """The class with the options `fixed`, from the first of a few programs of it that is legal."""
    even = {n: _even(space.knobs[n].options) for n in free}
    for attempt in range(ATTEMPTS):
        if any(len(options) <= attempt for options in even.values()):
            return None  # a loop would have one iteration
        row = np.zeros(len(space.knobs), dtype=np.int64)
        for n, option in (fixed | {n: options[attempt] for n, options in even.items()}).items():
            row[n] = option
        try:
            program, cuts = _scheduled(holes, steps, space, row, free)
        except ScheduleError:
            continue
        options = {n: np.array(space.knobs[n].options, dtype=np.float64) for n in free}
        return _Class.of(program, cuts, options, row)
    return None


def _scheduled(
    holes: OpenSchedule, steps: Iterable[Step], space: Space, row: np.ndarray, free: list[int]
) -> tuple[Program, list[Cut]]:
    """The program of a configuration, and every split on the way.

    Raises:
        ScheduleError: a step is illegal.
    """
    config = space.config(row)
    columns = {space.knobs[n].name: n for n in free}
    state = State.start(holes.outputs)
    cuts: list[Cut] = []
    for step in steps:
        made = plain(filled(step, config))
        after = state.apply(made)
        if isinstance(made, Split):
            cuts.append(_cut(step, made, state.program, after.program, columns))
        state = after
    return state.program, cuts


def _even(options: Sequence[Option]) -> list[int]:
    """The options without a factor of 1, those whose largest factor is least first: steps refuse
    what is large."""
    numbers = [o if isinstance(o, tuple) else (o,) for o in options]
    found = [n for n, each in enumerate(numbers) if min(map(int, each)) > 1]
    return sorted(found, key=lambda n: max(map(int, numbers[n])))


class _Class:
    """Configurations whose programs have the same loops."""

    def __init__(
        self,
        base: Nests,
        axes: list[list[Var]],
        cuts: list[Cut],
        options: dict[int, np.ndarray],
        row: np.ndarray,
    ) -> None:
        self._base = base
        self._axes = axes
        self._cuts = cuts
        self._options = options
        self._steps = self._loops(row[None, :])[1]
        self._row = row

    @classmethod
    def of(
        cls, program: Program, cuts: list[Cut], options: dict[int, np.ndarray], row: np.ndarray
    ) -> _Class | None:
        """The class of a program; None where a loop left no mark, or an index is no sum."""
        statements = in_order(program)
        axes = [[axis.var for axis in statement.axes] for statement in statements]
        seen = {var for each in axes for var in each}
        cut = {c.loop for c in cuts}
        made = {var for c in cuts for var in c.made} - cut
        lines = [line for s in statements for a in s.accesses for line in a.lines]
        if not made <= seen or not all(line.is_sum and line.most == inf for line in lines):
            return None
        reading = Reading(tuple(statements), program.buffers)
        return cls(nests_of([reading], len(statements)), axes, cuts, options, row)

    def nests(self, digits: np.ndarray, statements: int) -> Nests:
        """The arrays of the rows of `digits` (n, knobs), all of this class."""
        extents, steps = self._loops(digits)
        base, count = self._base, len(digits)
        shape = (count, *base.extents.shape[1:])
        lengths = np.broadcast_to(base.extents, shape).copy()
        growth = np.ones(shape)
        for s, axes in enumerate(self._axes):
            for n, var in enumerate(axes):
                if var in extents:
                    lengths[:, s, n] = extents[var]
                    growth[:, s, n] = steps[var] / self._steps[var]
        kept = base.kept / self._inside(self._row[None, :]) * self._inside(digits)
        return first_by_work(drop_short_loops(base, lengths, growth, kept), statements)

    def _inside(self, digits: np.ndarray) -> np.ndarray:
        """(n, S) the share of executions of each statement that lie inside the loops cut."""
        extents, _ = self._loops(digits)
        found = np.ones((len(digits), len(self._axes)))
        for s, axes in enumerate(self._axes):
            around = set(axes)
            for cut in reversed(self._cuts):
                if around.isdisjoint(cut.made):
                    continue
                around.add(cut.loop)
                whole = extents.get(cut.loop, np.full(len(digits), float(cut.extent)))
                found[:, s] *= whole / np.prod([extents[var] for var in cut.made], axis=0)
        return found

    def _loops(self, digits: np.ndarray) -> tuple[dict[Var, np.ndarray], dict[Var, np.ndarray]]:
        """Iterations, and steps in iterations of the loop first cut: (n,) for each loop made."""
        extents: dict[Var, np.ndarray] = {}
        steps: dict[Var, np.ndarray] = {}
        for cut in self._cuts:
            whole = extents.get(cut.loop, np.full(len(digits), float(cut.extent)))
            parts = [self._factor(factor, digits) for factor in cut.factors]
            known = np.prod([part for part in parts if part is not None], axis=0)
            step = steps.get(cut.loop, np.ones(len(digits)))
            for var, part in zip(reversed(cut.made), reversed(parts), strict=True):
                extents[var] = np.ceil(whole / known) if part is None else part
                steps[var] = step
                step = step * extents[var]
        return extents, steps

    def _factor(self, factor: Factor, digits: np.ndarray) -> np.ndarray | None:
        if factor is None:
            return None
        if isinstance(factor, int):
            return np.full(len(digits), float(factor))
        knob, place = factor
        chosen: np.ndarray = self._options[knob][digits[:, knob]]
        return chosen if place is None else chosen[:, place]


def _cut(step: Step, plain: Split, before: Program, after: Program, columns: dict[str, int]) -> Cut:
    """What a split of the program `before` makes, with the knobs that its factors come from."""
    loop = plain.find_loop(plain.site(before), plain.loop)
    names = plain.results(before)
    site = plain.site(after)
    made = [plain.find_loop(site, name).var for name in names]
    factors: list[Factor] = list(plain.factors)
    for place in step.places if isinstance(step, OpenStep) else ():
        column = columns.get(place.hole.name)
        if column is None:
            continue  # it decides something else as well, and is the same in the whole class
        if place.item is None:
            factors = [(column, n) for n in range(len(factors))]
        else:
            factors[place.item] = (column, None)
    return Cut(loop.var, iterations(loop), tuple(factors), tuple(made))


def _flat(steps: Sequence[Step]) -> Iterator[Step]:
    """The steps, those of users' recipes one by one."""
    for step in steps:
        if isinstance(step, RecordedRecipe):
            yield from _flat(step.steps)
        else:
            yield step
