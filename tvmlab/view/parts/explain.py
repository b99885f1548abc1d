"""Explaining the state shown, finding what should help, and thinking of another machine."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import inf

from tvmlab.analysis.estimate import Estimate, GpuFacts, MachineFacts, ratio
from tvmlab.errors import TvmlabError, UsageError
from tvmlab.schedule import State, replay_python
from tvmlab.schedule.find import sites
from tvmlab.view.compared import compared_states, ranked
from tvmlab.view.desk import Desk
from tvmlab.view.explanation import facts, shares
from tvmlab.view.latest import Latest
from tvmlab.view.moves import steps_at
from tvmlab.view.parts.part import Handler, Intent, Part
from tvmlab.view.schema import (
    ElsewhereView,
    ExplainView,
    FactView,
    IdeaView,
    MachineView,
    ShareView,
)

IDEAS = 3
IDEAS_LIMIT_S = 1.0
"""How long ideas are looked for; the loops of large programs are not all tried."""
WORTH = 0.95
"""An idea that should not take less than this share of the time is none."""
BITS = (128, 256, 512)
MOST_CORES = 256
TIMES = (1 / 16, 16.0)
"""Between these a cache or a memory rate may be changed."""


@dataclass
class Explained:
    """What was found out about one state."""

    state: State
    facts: list[FactView]
    shares: list[ShareView]
    ideas: list[IdeaView]
    states: list[ElsewhereView]


class ExplainPart(Part):
    """Shows an `ExplainView`."""

    name = "explain"
    slow = frozenset({"explain"})

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._latest = Latest()
        self._reason = ""
        self._found: Explained | None = None
        self._here: MachineFacts | GpuFacts | None = None
        self._machine: MachineView | None = None

    def view(self) -> ExplainView:
        """What was explained last."""
        found = self._found
        this = _machine_view(self._here)
        return {
            "status": self._latest.status(self._reason, found is not None),  # type: ignore[typeddict-item]
            "reason": self._reason,
            "is_stale": found is not None and found.state is not self.desk.state,
            "facts": found.facts if found is not None else [],
            "shares": found.shares if found is not None else [],
            "ideas": found.ideas if found is not None else [],
            "states": found.states if found is not None else [],
            "machine": (self._machine or this) if this is not None else None,
            "this_machine": this,
            "refusal": self.desk.refusal("explain"),
        }

    def forget_told(self) -> None:
        """Nothing is explained."""
        self._latest.forget()
        self._found, self._here, self._reason = None, None, ""

    def forget_target(self) -> None:
        """Nor is another machine thought of."""
        self.forget_told()
        self._machine = None

    def intents(self) -> Mapping[str, Handler]:
        """Explaining, on the `machine` given, if one is."""
        return {"explain": self._explain}

    def _explain(self, intent: Intent) -> None:
        desk = self.desk
        machine = _as_machine(intent.get("machine"), self._machine)
        with desk.lock:
            ticket, state = self._latest.ask(), desk.state
            others = compared_states(desk, state)
            self._machine = machine
        desk.changed()
        reason, found = "", None
        try:
            here = desk.engine.facts()
            there = here
            if machine is not None and isinstance(here, MachineFacts):
                there = _thought_of(here, machine)
            found = self._find(ticket, state, others, here, there)
        except TvmlabError as error:
            reason = str(error)
        with desk.lock:
            if not self._latest.settle(ticket):
                return
            self._reason = reason
            if found is not None:
                self._found, self._here = found, here

    def _find(
        self,
        ticket: int,
        state: State,
        others: Mapping[State, str],
        here: MachineFacts | GpuFacts,
        there: MachineFacts | GpuFacts,
    ) -> Explained:
        engine = self.desk.engine
        told = engine.estimate(state, there)
        states, _ = ranked(
            {state: "shown", **others},
            state,
            lambda each: engine.estimate(each, here),
            lambda each: engine.estimate(each, there),
        )
        work = self.desk.work
        return Explained(
            state,
            facts(state, told, there, work),
            shares(told),
            self._ideas(ticket, state, told, there),
            states,
        )

    def _ideas(
        self, ticket: int, state: State, now: Estimate, machine: MachineFacts | GpuFacts
    ) -> list[IdeaView]:
        """The legal steps at any loop that should help most; fewer where time is up."""
        end = time.monotonic() + IDEAS_LIMIT_S
        found: list[IdeaView] = []
        for line in _lines(state, self.desk.engine.target):
            if time.monotonic() > end or not self._latest.is_it(ticket):
                break
            try:
                after = self.desk.engine.estimate(replay_python(state, line), machine)
            except TvmlabError:
                continue
            times = ratio(after, now)
            if times.value < WORTH:
                found.append(
                    {"line": line, "ratio": times.value, "low": times.low, "high": times.high}
                )
        best: list[IdeaView] = []
        for idea in sorted(found, key=lambda idea: idea["ratio"]):
            # What promises the same does the same in other words, as a rule.
            if not best or idea["ratio"] > best[-1]["ratio"] * 1.01:
                best.append(idea)
        return best[:IDEAS]


def _lines(state: State, target: str) -> Iterator[str]:
    """The lines of all moves, a few of every loop in turn, so that none waits for another."""
    loops = {
        (site.block.name, loop.var.name): None
        for site in sites(state.program)
        for loop in site.loops
    }
    by_loop = []
    for block, loop in loops:
        steps = steps_at(state, {"block": block, "loop": loop}, target)
        by_loop.append([move["line"] for step in steps for move in step["moves"]])
    seen = set()
    for n in range(max(map(len, by_loop), default=0)):
        for lines in by_loop:
            if n < len(lines) and lines[n] not in seen:
                seen.add(lines[n])
                yield lines[n]


def _machine_view(machine: MachineFacts | GpuFacts | None) -> MachineView | None:
    """This processor to begin with; None where code is made for a GPU, which has a tab of its own
    for that."""
    if isinstance(machine, GpuFacts):
        return None
    return {
        "cores": machine.cores if machine is not None else 1,
        "vector_bits": machine.vector_bits if machine is not None else BITS[-1],
        "cache_times": 1.0,
        "memory_times": 1.0,
    }


def _as_machine(given: object, known: MachineView | None) -> MachineView | None:
    """The machine an intent asks for: as it was where it names none, this one where it is null."""
    if given is None:
        return known
    if given == {}:
        return None
    if not isinstance(given, Mapping):
        raise UsageError(f"'machine' is a table of figures, not {given!r}; move a slider.")

    def figure(name: str, least: float, most: float) -> float:
        value = given.get(name)
        if not isinstance(value, (int, float)) or not least <= value <= most:
            raise UsageError(f"{name} is {value!r}; give a number of {least:g} to {most:g}.")
        return value

    bits = int(figure("vector_bits", BITS[0], BITS[-1]))
    if bits not in BITS:
        raise UsageError(f"vectors have 128, 256 or 512 bits, not {bits}; choose one of these.")
    return {
        "cores": int(figure("cores", 1, MOST_CORES)),
        "vector_bits": bits,
        "cache_times": figure("cache_times", *TIMES),
        "memory_times": figure("memory_times", *TIMES),
    }


def _thought_of(here: MachineFacts, wanted: MachineView) -> MachineFacts:
    """This machine changed as wanted; cores together read as many times more as there are."""
    share = wanted["cores"] / here.cores
    memories = tuple(
        replace(
            m,
            bytes_per_s=m.bytes_per_s * (wanted["memory_times"] if m.size_bytes == inf else 1.0),
            all_bytes_per_s=m.all_bytes_per_s
            * (wanted["memory_times"] if m.size_bytes == inf else share),
        )
        for m in here.memories
    )
    changed = replace(
        here, cores=wanted["cores"], vector_bits=wanted["vector_bits"], memories=memories
    )
    return changed.with_caches_times(wanted["cache_times"])
