"""The step protocol: one frozen dataclass for each primitive.

A step knows its arguments, whether it is legal here (`check`), what it makes of a program
(`apply`), its line of Python, its JSON, and which instances of it are worth offering (`moves`).
Fields say by their metadata how a form asks for them.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, TypeVar, get_args, get_origin, get_type_hints

from tvmlab.analysis.domain import acts_in_whole_domain
from tvmlab.analysis.places import is_reused
from tvmlab.errors import Refusal, ScheduleError, TraceError, did_you_mean
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.program import LANES, Block, For, Program
from tvmlab.schedule.find import Site, find_site, sites
from tvmlab.schedule.pragmas import broken_promise, has_promises

Self = TypeVar("Self", bound="Step")
Json = dict[str, Any]


class Spelled:
    """A value that stands in a line of Python as something else than its literal."""

    @property
    def spelled(self) -> str:
        """The Python that stands for it."""
        raise TypeError(f"{type(self).__name__} does not say how it is spelled")


def argument(kind: str, doc: str, **more: Any) -> Any:
    """A dataclass field that a form asks for.

    Args:
        kind: how to ask: `loop`, `loops`, `factors`, `name` or `value`.
        doc: what the argument means, in one short sentence.
        more: passed on to `dataclasses.field`.
    """
    return dataclasses.field(metadata={"kind": kind, "doc": doc}, **more)


GROUPS = ("loops", "execution", "placement", "storage", "reduction")
"""What steps are about, in the order in which menus and pages show them: the shape of a nest, the
manner in which it runs, where things are computed, where data lives, and how values are folded."""


@dataclass(frozen=True)
class Step:
    """One rewrite of a program; subclasses add their arguments as fields after `block`.

    `group`, one of `GROUPS`, says what the step is about.
    """

    name: ClassVar[str] = ""
    group: ClassVar[str] = "loops"
    summary: ClassVar[str] = ""
    example: ClassVar[str] = ""
    block: str

    # What a primitive defines

    def require(self, program: Program) -> None:
        """Raise a ScheduleError, through `refuse`, unless the step is legal in `program`."""
        raise TypeError(f"{type(self).__name__} does not say when it is legal")

    def apply(self, program: Program) -> Program:
        """The program after the step; call `check` first."""
        raise TypeError(f"{type(self).__name__} does not say what it does")

    def results(self, program: Program) -> list[str]:
        """The names of the loops the step makes in `program`, outermost first."""
        return []

    @classmethod
    def candidates(cls: type[Self], program: Program, site: Site, loop: For) -> Iterator[Self]:
        """Instances of the step worth trying at `loop`, legal or not."""
        return iter(())

    @classmethod
    def from_call(cls: type[Self], block: str, *args: Any, **kwargs: Any) -> Self:
        """The step for a call `s[block].name(*args, **kwargs)`.

        Raises:
            ScheduleError: the arguments do not fit.
        """
        names = [f.name for f in dataclasses.fields(cls)][1:]
        values = dict(zip(names, args, strict=False))
        unknown = [k for k in kwargs if k not in names or k in values]
        missing = [n for n in names if n not in {*values, *kwargs, *cls.defaults()}]
        if len(args) > len(names) or unknown or missing:
            raise cls.misuse(block, args, kwargs, f"{cls.name} takes {', '.join(names)}")
        return cls.checked(block, {**values, **kwargs})

    def call_arguments(self) -> tuple[list[Any], dict[str, Any]]:
        """Positional and keyword arguments of the call that stands for this step."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)[1:]}
        defaults = self.defaults()
        chosen = {n: v for n, v in values.items() if n in defaults and v != defaults[n]}
        return [v for n, v in values.items() if n not in defaults], chosen

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        """The arguments that may be left out, each with what it is then."""
        return {
            f.name: f.default
            for f in dataclasses.fields(cls)
            if f.default is not dataclasses.MISSING
        }

    # What every step has

    def check(self, program: Program) -> Refusal | None:
        """None where the step is legal, else the reason it is not."""
        try:
            self.require(program)
            if has_promises(program):
                self.keep_promises(self.apply(program))
        except ScheduleError as error:
            return error.refusal
        return None

    def keep_promises(self, after: Program) -> None:
        """Refuse where an annotation that stood before no longer holds in `after`.

        Raises:
            ScheduleError: naming the annotation.
        """
        broken = broken_promise(after)
        if broken is not None:
            loop, key, problem = broken
            raise self.refuse(
                loop,
                f"the annotation {key} would no longer hold: {problem.why}",
                f"{self.name} first and annotate {loop} afterwards",
            )

    @classmethod
    def moves(cls: type[Self], program: Program, block: str, loop: str) -> list[Self]:
        """The legal instances worth offering at a loop."""
        site = find_site(program, block)
        at = site.loop(loop) if site is not None else None
        if site is None or at is None:
            return []
        return [c for c in cls.candidates(program, site, at) if c.check(program) is None]

    def line(self, program: Program) -> str:
        """The line of Python that stands for this step, given the program before it."""
        made = ", ".join(r if r.isidentifier() else "_" for r in self.results(program))
        return f"{made} = {self}" if made else str(self)

    def __str__(self) -> str:
        positional, keywords = self.call_arguments()
        parts = [_literal(a) for a in positional]
        parts += [f"{k}={_literal(v)}" for k, v in keywords.items()]
        return f's["{self.block}"].{self.name}({", ".join(parts)})'

    def to_json(self) -> Json:
        """The step as plain data; arguments at their defaults are left out."""
        defaults = self.defaults()
        fields = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        fields = {n: v for n, v in fields.items() if n not in defaults or v != defaults[n]}
        plain = {k: list(v) if isinstance(v, tuple) else v for k, v in fields.items()}
        return {"step": self.name, **plain}

    @classmethod
    def from_json(cls: type[Self], data: Json) -> Self:
        """The step that `to_json` wrote.

        Raises:
            TraceError: a field is missing, unknown or of the wrong type.
        """
        wanted = {f.name for f in dataclasses.fields(cls)}
        given = set(data) - {"step"}
        if (wanted - set(cls.defaults())) - given or given - wanted:
            odd = ", ".join(sorted(given ^ wanted))
            raise TraceError(f"the step {cls.name!r} in the trace lacks or does not know: {odd}.")
        hints = _hints(cls)
        values: dict[str, Any] = {}
        for name in given:
            value = data[name]
            value = tuple(value) if isinstance(value, list) else value
            if not _fits(value, hints[name]):
                raise TraceError(
                    f"the step {cls.name!r} in the trace has {name}={data[name]!r}, "
                    f"which is not of the type {hints[name]}."
                )
            values[name] = value
        return cls(**values)

    @classmethod
    def checked(cls: type[Self], block: str, values: dict[str, Any]) -> Self:
        """The step with these arguments, if each is of its field's type."""
        hints = _hints(cls)
        for name, value in values.items():
            if isinstance(value, list):
                values[name] = value = tuple(value)
            if not _fits(value, hints[name]):
                problem = f"{_literal(value)} is not {_type_words(hints[name])}"
                raise cls.misuse(block, (), values, problem)
        fields: dict[str, Any] = {"block": block, **values}
        return cls(**fields)

    @classmethod
    def misuse(
        cls, block: str, args: tuple[Any, ...], kwargs: dict[str, Any], why: str
    ) -> ScheduleError:
        """The refusal of a call whose arguments make no step."""
        parts = [_literal(a) for a in args] + [f"{k}={_literal(v)}" for k, v in kwargs.items()]
        asked = f's["{block}"].{cls.name}({", ".join(parts)})'
        instead = f's["{block}"].{cls.example} is of the right form'
        return ScheduleError(Refusal(asked, f"block {block}", why, instead))

    def refuse(self, where: str, why: str, instead: str) -> ScheduleError:
        """The error that says this step is illegal."""
        place = f"block {self.block}" + (f", loop {where}" if where else "")
        return ScheduleError(Refusal(str(self), place, why, instead))

    def site(self, program: Program) -> Site:
        """The step's block with its loops.

        Raises:
            ScheduleError: there is no such block.
        """
        site = find_site(program, self.block)
        if site is None:
            known = [s.block.name for s in sites(program)]
            raise self.refuse(
                "", f"there is no block {self.block!r}", did_you_mean(self.block, known)
            )
        return site

    def find_loop(self, site: Site, name: str) -> For:
        """The loop `name` around the block.

        Raises:
            ScheduleError: there is no such loop.
        """
        loop = site.loop(name)
        if loop is None:
            known = site.names()
            raise self.refuse(
                name, f"block {site.block.name} has no loop {name!r}", did_you_mean(name, known)
            )
        return loop

    def find_serial_loop(self, site: Site, name: str) -> For:
        """The loop `name`, which must still be serial.

        Raises:
            ScheduleError: there is no such loop, or it has been annotated.
        """
        loop = self.find_loop(site, name)
        if loop.kind != "serial":
            raise self.refuse(
                name,
                f"the loop is already {loop.kind}, and {self.name} needs a serial loop",
                f"undo that step, {self.name} first, then annotate what it makes",
            )
        if loop.annotations:
            key, value = loop.annotations[0]
            raise self.refuse(
                name,
                f"the loop is annotated {key}={_literal(value)}, and {self.name} needs a plain one",
                f'{self.name} first, or .unannotate("{name}", "{key}")',
            )
        return loop

    def require_only_writer(self, program: Program, block: Block, target: Buffer) -> None:
        """Refuse where another block than `block` writes `target` too.

        Raises:
            ScheduleError: naming that block.
        """
        for other in (s.block for s in sites(program)):
            if other is not block and target in [w.buffer for w in other.writes]:
                raise self.refuse(
                    "",
                    f"block {other.name} writes {target.name} as well",
                    f"{self.name} before the writing is divided between blocks",
                )

    def require_settled(self, program: Program, block: Block) -> None:
        """Refuse to move a block that touches places which hold several elements in turn.

        Raises:
            ScheduleError: naming the buffer.
        """
        for buffer in dict.fromkeys(r.buffer for r in (*block.writes, *block.reads)):
            if is_reused(program, buffer):
                raise self.refuse(
                    "",
                    f"{buffer.name} keeps a window of its elements only, and {block.name} must "
                    "meet it where it does",
                    f"{self.name} before {buffer.name} becomes a rolling buffer",
                )

    def require_domain(self, block: Block) -> None:
        """Refuse to make a nest anew for a block that does not act in its whole domain.

        Raises:
            ScheduleError: the block has a predicate of its own.
        """
        if not acts_in_whole_domain(block):
            raise self.refuse(
                "",
                f"{block.name} acts under a condition, which loops made anew would lose",
                f"{self.name} before the step that brought the condition",
            )

    def intermediate(self, program: Program, name: str) -> Buffer:
        """The intermediate `name`, of known extents, that the block reads or writes.

        Raises:
            ScheduleError: the block touches no such buffer, or a caller knows how it is stored.
        """
        block = self.site(program).block
        touched = {r.buffer.name: r.buffer for r in (*block.reads, *block.writes)}
        buffer = touched.get(name)
        if buffer is None:
            raise self.refuse(
                "",
                f"{self.block} does not touch a buffer {name!r}",
                did_you_mean(name, list(touched)),
            )
        if buffer in program.params:
            is_output = buffer in program.params[-program.outputs :]
            how = "cache_write()" if is_output else f'cache_read("{name}")'
            raise self.refuse(
                "",
                f"{name} belongs to the caller, who expects it as it is stored",
                f'use s["{self.block}"].{how} first, and {self.name} on the copy',
            )
        if not all(isinstance(extent, int) for extent in buffer.shape):
            raise self.refuse(
                "", f"cannot prove anything about {name}, whose extents are not known", "fix them"
            )
        return buffer

    def refuse_lanes(self, site: Site, loop: For, inside: bool = True) -> None:
        """Refuse to put a further nest inside `loop` (or beside it) where lanes surround it.

        Raises:
            ScheduleError: a loop around the place is vectorized.
        """
        around = site.loops[: site.loops.index(loop) + inside]
        lanes = next((o.var.name for o in around if o.kind in LANES), None)
        if lanes is not None:
            raise self.refuse(
                loop.var.name,
                f"another nest cannot stand inside the vector lanes of {lanes}",
                f"choose a loop outside {lanes}, or vectorize afterwards",
            )


# The types of a step's fields, kept: evaluating them takes a tenth of a schedule's time.
_hints: Callable[[type], dict[str, Any]] = cache(get_type_hints)


def _literal(value: Any) -> str:
    if isinstance(value, Spelled):
        return value.spelled
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(_literal(v) for v in value) + "]"
    return repr(value)


def _fits(value: Any, hint: Any) -> bool:
    """Whether `value` is of the type `hint` (the few types that step fields have)."""
    if get_origin(hint) is tuple:
        return isinstance(value, tuple) and all(_fits(v, get_args(hint)[0]) for v in value)
    if get_args(hint):
        return any(_fits(value, h) for h in get_args(hint))
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, hint)


def _type_words(hint: Any) -> str:
    if get_origin(hint) is tuple:
        each = _type_words(get_args(hint)[0])
        return f"a list of which each is {each}"
    if get_args(hint):
        return " or ".join(_type_words(h) for h in get_args(hint))
    return {int: "an integer", str: "a loop's name", type(None): "None"}.get(hint, str(hint))
