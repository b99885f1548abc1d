"""Steps some of whose arguments are holes: `s["C"].split("y", t.hole("tile_y", [4, 8, 16]))`.

Such a step is an ordinary step with the options chosen now, and beside it where its holes are. Its
JSON is that of the ordinary step with a list of `holes` more.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product
from typing import Any, NamedTuple

from tvmlab.errors import Refusal, ScheduleError, TraceError, UsageError
from tvmlab.ir.program import Program
from tvmlab.schedule.find import find_site
from tvmlab.schedule.hole import Hole, PerfectTile, Value, hole_from_json
from tvmlab.schedule.recipe import RecordedRecipe
from tvmlab.schedule.step import Json, Spelled, Step

MAX_TRIED = 256
"""So many combinations of options are tried for a legal default."""


class Place(NamedTuple):
    """Where a hole stands: a field of the step, and the item of it; None for the whole field."""

    field: str
    item: int | None
    hole: Hole


class _Tag(Spelled):
    """What a hole's value wears in the fields of a step, to be found and to be printed there."""

    hole: Hole

    @property
    def spelled(self) -> str:
        """The call that makes the hole."""
        return repr(self.hole)


class _Int(int, _Tag):
    pass


class _Str(str, _Tag):
    pass


class _Tuple(tuple[int, ...], _Tag):
    pass


@dataclass(frozen=True)
class OpenStep(Step):
    """A step with holes, legal and doing what `step` is and does.

    Attributes:
        step: the step with the options that the holes hold.
        places: where the holes are.
    """

    step: Step
    places: tuple[Place, ...]

    @property
    def name(self) -> str:  # type: ignore[override]  # of the instance, not of the class
        """The name of the step inside."""
        return self.step.name

    @property
    def holes(self) -> tuple[Hole, ...]:
        """The step's holes, each once."""
        return tuple({place.hole.name: place.hole for place in self.places}.values())

    def require(self, program: Program) -> None:
        """What the step inside requires."""
        self.step.require(program)

    def apply(self, program: Program) -> Program:
        """What the step inside does."""
        return self.step.apply(program)

    def results(self, program: Program) -> list[str]:
        """The loops that the step inside makes."""
        return self.step.results(program)

    def __str__(self) -> str:
        return str(_with_values(self.step, [(p, _tagged(p.hole)) for p in self.places]))

    def to_json(self) -> Json:
        """The step inside, and its holes with their options."""
        holes = [{"at": [p.field, p.item], **p.hole.data()} for p in self.places]
        return {**self.step.to_json(), "holes": holes}


def opened(step: Step, places: Sequence[Place]) -> OpenStep:
    """`step` with holes, whose values it takes."""
    filled = _with_values(step, [(place, place.hole.value) for place in places])
    return OpenStep(step.block, filled, tuple(places))


def open_step_from_json(step: Step, holes: Any) -> OpenStep:
    """The open step of a plain one and what `OpenStep.to_json` wrote about its holes.

    Raises:
        TraceError: the holes are of another form, or not where they say.
    """
    if not isinstance(holes, list) or not holes:
        raise TraceError("the 'holes' of a trace's step are a list of at least one object.")
    fields = [f.name for f in dataclasses.fields(step)][1:]  # the first is the block
    places = []
    for data in holes:
        at = data.get("at") if isinstance(data, dict) else None
        if not isinstance(at, list) or len(at) != 2 or at[0] not in fields:
            raise TraceError(
                f"a hole of the step {step.name!r} is at {at!r}; it is at a field of the step and "
                "an item of it, or null."
            )
        held = getattr(step, at[0])
        if at[1] is not None:
            is_item = isinstance(held, tuple) and type(at[1]) is int and 0 <= at[1] < len(held)
            if not is_item:
                raise TraceError(f"the step {step.name!r} has no item {at[1]!r} of {at[0]}.")
            held = held[at[1]]
        rest = {key: value for key, value in data.items() if key != "at"}
        places.append(Place(at[0], at[1], hole_from_json(rest, held)))
    return OpenStep(step.block, step, tuple(places))


def step_of_call(
    kind: type[Step],
    block: str,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    program: Program,
    known: Mapping[str, Hole],
) -> Step:
    """The step for a call `s[block].name(*args, **kwargs)`, open where an argument is a hole.

    A hole that says no value takes the first combination that is legal in `program`.

    Args:
        kind: the step's class.
        block: the block's name.
        args: positional arguments.
        kwargs: keyword arguments.
        program: the program before the step.
        known: the holes of the schedule so far, by name.

    Raises:
        ScheduleError: the arguments do not fit, or no option is legal.
        UsageError: a hole has another's name.
    """
    given = _holes_in([*args, *kwargs.values()])
    if not given:
        return kind.from_call(block, *args, **kwargs)
    holes: dict[str, Hole] = {}
    for each in given:
        settled = _settled(kind, block, each, program)
        other = holes.get(settled.name) or known.get(settled.name)
        if other is not None:
            if other.options != settled.options or settled.value not in (None, other.value):
                raise UsageError(
                    f"two holes have the name {settled.name!r}, and other options or another "
                    "value; give each its own name."
                )
            settled = settled if other.value is None else settled.holding(other.value)
            settled = replace(settled, is_frozen=other.is_frozen)
        holes[settled.name] = settled
    choices = [h.preferred() if h.value is None else [h.value] for h in holes.values()]
    refused: ScheduleError | None = None
    for values in islice(product(*choices), MAX_TRIED):
        chosen = {n: holes[n].holding(v) for n, v in zip(holes, values, strict=True)}
        try:
            step = _placed(kind, block, args, kwargs, chosen)
            step.require(program)
        except ScheduleError as error:
            refused = refused or error
            continue
        return step
    if refused is None:
        empty = next(n for n, options in zip(holes, choices, strict=True) if not options)
        raise UsageError(f"the hole {empty!r} has no option here; loosen its bounds.")
    raise refused


def holes_of(steps: Iterable[Step]) -> dict[str, Hole]:
    """The holes of several steps, by name, in the order in which they are met."""
    found: dict[str, Hole] = {}
    for step in steps:
        if isinstance(step, RecordedRecipe):
            found |= holes_of(step.steps)
        elif isinstance(step, OpenStep):
            found |= {hole.name: hole for hole in step.holes}
    return found


def with_holes(step: Step, change: Callable[[Hole], Hole]) -> Step:
    """`step` with each of its holes replaced by what `change` makes of it."""
    if isinstance(step, RecordedRecipe):
        return replace(step, steps=tuple(with_holes(s, change) for s in step.steps))
    if not isinstance(step, OpenStep):
        return step
    return opened(step.step, [p._replace(hole=change(p.hole)) for p in step.places])


def filled(step: Step, values: Mapping[str, Value | None]) -> Step:
    """`step` with other options in those of its holes that `values` names."""
    return with_holes(step, lambda h: h.holding(values[h.name]) if h.name in values else h)


def plain(step: Step, names: Container[str] | None = None) -> Step:
    """`step` with plain arguments for its holes of these names, or for all."""
    if isinstance(step, RecordedRecipe):
        return replace(step, steps=tuple(plain(s, names) for s in step.steps))
    if not isinstance(step, OpenStep):
        return step
    kept = tuple(p for p in step.places if names is not None and p.hole.name not in names)
    return replace(step, places=kept) if kept else step.step


def _settled(kind: type[Step], block: str, hole: Hole, program: Program) -> Hole:
    """The hole with the extent of the loop that it tiles."""
    if not isinstance(hole, PerfectTile):
        return hole
    site = find_site(program, block)
    loop = site.loop(hole.loop) if site is not None else None
    if loop is None or not isinstance(loop.extent, int):
        known = ", ".join(site.names()) if site is not None else "none"
        why = f"the hole tiles the loop {hole.loop!r}, which block {block} does not have"
        instead = f"its loops are {known}"
        if loop is not None:
            why = f"the extent {loop.extent!r} is known only at a call, and has no divisors before"
            instead = "leave a factor open, as in t.hole('f', [4, 8, 16])"
        asked = f's["{block}"].{kind.name}({hole!r})'
        raise ScheduleError(Refusal(asked, f"block {block}, loop {hole.loop}", why, instead))
    sized = replace(hole, value=None, extent=loop.extent)
    return sized if hole.value is None else sized.holding(hole.value)


def _placed(
    kind: type[Step],
    block: str,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    chosen: Mapping[str, Hole],
) -> OpenStep:
    """The open step of a call whose holes hold their values."""

    def tagged(value: Any) -> Any:
        if isinstance(value, Hole):
            return _tagged(chosen[value.name])
        return tuple(map(tagged, value)) if isinstance(value, (list, tuple)) else value

    plain = {k: tagged(v) for k, v in kwargs.items()}
    step = kind.from_call(block, *map(tagged, args), **plain)
    places: list[Place] = []
    for field in dataclasses.fields(step)[1:]:
        value = getattr(step, field.name)
        if isinstance(value, _Tag):
            places.append(Place(field.name, None, value.hole))
        elif isinstance(value, tuple):
            for n, item in enumerate(value):
                if isinstance(item, _Tag):
                    places.append(Place(field.name, n, item.hole))
    lost = next((n for n in chosen if n not in {p.hole.name for p in places}), None)
    if lost is not None:
        raise kind.misuse(block, tuple(args), dict(kwargs), f"the hole {lost!r} cannot stand there")
    return opened(step, places)


def _tagged(hole: Hole) -> Any:
    value: Any = hole.value
    made = (_Int if isinstance(value, int) else _Str if isinstance(value, str) else _Tuple)(value)
    made.hole = hole
    return made


def _holes_in(values: Iterable[Any]) -> list[Hole]:
    found: list[Hole] = []
    for value in values:
        if isinstance(value, Hole):
            found.append(value)
        elif isinstance(value, (list, tuple)):
            found += _holes_in(value)
    return found


def _with_values(step: Step, values: Sequence[tuple[Place, Any]]) -> Step:
    """`step` with other values in these places."""
    new: dict[str, Any] = {}
    for place, value in values:
        if place.item is None:
            new[place.field] = value
        else:
            items = list(new.get(place.field, getattr(step, place.field)))
            items[place.item] = value
            new[place.field] = tuple(items)
    return replace(step, **new)
