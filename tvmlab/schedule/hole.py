"""Holes: arguments of steps that are left to a tuner, each with the option chosen for now.

    s["C"].split("y", t.hole("tile_y", [4, 8, 16, 32]))
    s["C"].split("x", factors=t.sample_perfect_tile("x", 3))

A hole always holds one of its options, so that a schedule with holes is a schedule like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

from tvmlab.arith.factors import count_factorisations, factorisations
from tvmlab.errors import TraceError, UsageError

Value = int | str | tuple[int, ...]
"""What a hole may hold: a number, a loop's name, or the factors of a split."""

MAX_OPTIONS = 100_000
MAX_INNERMOST = 64
MAX_PARTS = 16

Self = TypeVar("Self", bound="Hole")


@dataclass(frozen=True)
class Hole:
    """A decision left open.

    Attributes:
        name: what a tuner and `fill` call it; a name means one decision in the whole schedule.
        value: the option chosen; None until a step uses the hole.
        is_frozen: whether the decision is taken for now: a tuner leaves the value as it is.
    """

    name: str
    value: Value | None
    is_frozen: bool = field(default=False, kw_only=True)

    @property
    def options(self) -> tuple[Value, ...]:
        """What may be chosen, the preferred ones not necessarily first."""
        raise TypeError(f"{type(self).__name__} does not say its options")

    def preferred(self) -> list[Value]:
        """The options in the order in which a default is looked for."""
        return list(self.options)

    def data(self) -> dict[str, Any]:
        """The hole as plain data, but for its value."""
        raise TypeError(f"{type(self).__name__} does not say its data")

    def _mark(self) -> dict[str, bool]:
        """What `data` says of a frozen hole; of an open one, as ever, nothing."""
        return {"frozen": True} if self.is_frozen else {}

    def holding(self: Self, value: object) -> Self:
        """This hole with another of its options.

        Raises:
            UsageError: the value is not an option.
        """
        plain = _as_value(value)
        for option in self.options:
            if option == plain and type(option) is type(plain):
                return replace(self, value=option)
        shown = ", ".join(map(literal, self.options[:8]))
        more = ", ..." if len(self.options) > 8 else ""
        raise UsageError(
            f"the hole {self.name!r} was given {value!r}, which is not among its "
            f"{len(self.options)} options {shown}{more}."
        )


@dataclass(frozen=True)
class Choice(Hole):
    """One of a list of options of one type."""

    choices: tuple[Value, ...]

    @property
    def options(self) -> tuple[Value, ...]:
        """The list as it was given."""
        return self.choices

    def data(self) -> dict[str, Any]:
        """Name and options."""
        return {"name": self.name, "options": [_plain(o) for o in self.choices], **self._mark()}

    def __repr__(self) -> str:
        held = "" if self.value is None else f", {literal(self.value)}"
        listed = ", ".join(map(literal, self.choices))
        mark = ", frozen=True" if self.is_frozen else ""
        return f't.hole("{self.name}", [{listed}]{held}{mark})'


@dataclass(frozen=True)
class PerfectTile(Hole):
    """Factors, outermost first, whose product is the extent of a loop.

    Attributes:
        loop: the loop's name.
        parts: how many factors.
        max_innermost: the innermost factor is at most this.
        extent: the loop's iterations; 0 until a step uses the hole.
    """

    loop: Any
    parts: int
    max_innermost: int
    extent: int = 0

    @cached_property
    def options(self) -> tuple[Value, ...]:
        """All tuples, innermost varying fastest."""
        if count_factorisations(self.extent, self.parts) > MAX_OPTIONS:
            raise UsageError(
                f"the hole {self.name!r} has more than {MAX_OPTIONS} ways to divide {self.extent} "
                f"iterations in {self.parts} parts; ask for fewer parts."
            )
        every = factorisations(self.extent, self.parts)
        return tuple(t for t in every if t[-1] <= self.max_innermost)

    def preferred(self) -> list[Value]:
        """The most even tuples first."""
        return sorted(self.options, key=lambda o: max(o) if isinstance(o, tuple) else 0)

    def data(self) -> dict[str, Any]:
        """Name, loop, extent, parts and the bound of the innermost."""
        return {
            "name": self.name,
            "loop": self.loop,
            "extent": self.extent,
            "parts": self.parts,
            "max_innermost": self.max_innermost,
            **self._mark(),
        }

    def __repr__(self) -> str:
        words = [literal(self.loop), str(self.parts)]
        if self.value is not None:
            words.append(literal(self.value))
        if self.max_innermost != MAX_INNERMOST:
            words.append(f"max_innermost={self.max_innermost}")
        if self.name != _tile_name(self.loop):
            words.append(f"name={literal(self.name)}")
        if self.is_frozen:
            words.append("frozen=True")
        return f"t.sample_perfect_tile({', '.join(words)})"


def hole(
    name: str, options: Sequence[Value | Sequence[int]], value: Any = None, *, frozen: bool = False
) -> Hole:
    """A decision among `options`, to stand as an argument of a schedule step.

    Args:
        name: what a tuner and `s.fill` call it.
        options: integers, loops' names, or lists of factors; all of one type, none twice.
        value: the option that holds for now; the first legal one where it is left out.
        frozen: whether it is taken for now, as by `s.freeze`: a tuner leaves it.

    Raises:
        UsageError: no options, or such as no step takes, or a value that is not among them.
    """
    _check_name(name)
    listed = options if isinstance(options, (list, tuple, range)) else ()
    choices = tuple(map(_as_value, listed))
    if not choices or len({type(o) for o in choices}) > 1 or not all(map(_is_value, choices)):
        raise UsageError(
            f"the hole {name!r} was given the options {options!r}; give a list of integers, of "
            "loops' names or of lists of factors."
        )
    twice = next((o for o in choices if choices.count(o) > 1), None)
    if twice is not None:
        raise UsageError(f"the hole {name!r} has the option {twice!r} twice; give each once.")
    made = Choice(name, None, choices, is_frozen=bool(frozen))
    return made if value is None else made.holding(value)


def sample_categorical(
    name: str, options: Sequence[Value | Sequence[int]], value: Any = None, *, frozen: bool = False
) -> Hole:
    """The same as `hole`, under the name it has in MetaSchedule."""
    return hole(name, options, value, frozen=frozen)


def sample_perfect_tile(
    loop: Any,
    parts: int,
    value: Any = None,
    *,
    max_innermost: int = MAX_INNERMOST,
    name: str | None = None,
    frozen: bool = False,
) -> Hole:
    """Factors of a split that divide `loop` without a rest: `split(y, factors=...)`.

    Args:
        loop: a loop of the block, by name, by handle or as an axis.
        parts: how many loops to make, from 2 to 16.
        value: the factors that hold for now; the most even legal ones where they are left out.
        max_innermost: the innermost factor is at most this.
        name: what a tuner calls it; `tile_` and the loop's name where it is left out.
        frozen: see `hole`.

    Raises:
        UsageError: numbers that make no tile.
    """
    for what, number, least, most in (
        ("parts", parts, 2, MAX_PARTS),
        ("max_innermost", max_innermost, 1, 2**40),
    ):
        if not isinstance(number, int) or isinstance(number, bool) or not least <= number <= most:
            raise UsageError(
                f"sample_perfect_tile was given {what}={number!r}; it is an integer from {least} "
                f"to {most}."
            )
    shown = getattr(loop, "name", None) or loop
    if not isinstance(shown, str):
        raise UsageError(f"sample_perfect_tile was given the loop {loop!r}; give a loop's name.")
    called = _tile_name(shown) if name is None else name
    _check_name(called)
    held = _as_value(value)
    return PerfectTile(called, held, loop, parts, max_innermost, is_frozen=bool(frozen))


def hole_from_json(data: Any, value: Any) -> Hole:
    """The hole that `Hole.data` wrote, holding `value`.

    Raises:
        TraceError: fields are missing, unknown or make no hole.
    """
    try:
        is_frozen = data.get("frozen", False) is True
        named = set(data) - ({"frozen"} if is_frozen else set())
        if named == {"name", "options"}:
            return hole(data["name"], data["options"], frozen=is_frozen).holding(value)
        if named == {"name", "loop", "extent", "parts", "max_innermost"}:
            name, loop, extent = data["name"], data["loop"], data["extent"]
            if not isinstance(extent, int) or not 1 <= extent <= 2**40 or not isinstance(loop, str):
                raise UsageError(f"the hole {name!r} tiles {extent!r} iterations of {loop!r}.")
            most = data["max_innermost"]
            made = sample_perfect_tile(loop, data["parts"], max_innermost=most, name=name)
            sized = replace(made, extent=extent, is_frozen=is_frozen)  # type: ignore[call-arg]
            return sized.holding(value)
    except (AttributeError, TypeError, UsageError) as error:
        raise TraceError(f"a hole in the trace makes no sense: {error}") from None
    raise TraceError(
        f"a hole in the trace has the fields {', '.join(map(str, data))}; it has a name and "
        "options, or a name, loop, extent, parts and max_innermost, and may be frozen."
    )


def literal(value: Any) -> str:
    """An option as Python."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(map(literal, value)) + "]"
    return repr(value)


def _as_value(option: Any) -> Any:
    """A list as a tuple, a loop as its name."""
    if isinstance(option, list):
        return tuple(option)
    return str(option) if isinstance(option, str) else option


def _plain(option: Value) -> Any:
    return list(option) if isinstance(option, tuple) else option


def _tile_name(loop: object) -> str:
    return f"tile_{loop}"


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not name or not name.replace(".", "_").isidentifier():
        raise UsageError(
            f"a hole was given the name {name!r}; use letters, digits and _, as in 'tile_y'."
        )


def _is_value(option: object) -> bool:
    if isinstance(option, tuple):
        return bool(option) and all(isinstance(n, int) and not isinstance(n, bool) for n in option)
    return isinstance(option, (int, str)) and not isinstance(option, bool)
