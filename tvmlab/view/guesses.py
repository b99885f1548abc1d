"""Guess, then reveal: what is asked about the state shown, and what turned out to be true."""

from __future__ import annotations

from typing import NamedTuple

from tvmlab.learn.bench import Rates
from tvmlab.learn.kinds.predict_bound import ARITHMETIC, MEMORY, bound_of
from tvmlab.measure.outcome import Outcome
from tvmlab.schedule import State
from tvmlab.view.duel import Duel, Time, fight
from tvmlab.view.engine import Engine
from tvmlab.view.schema import QuestionView

FASTER, SLOWER = "faster", "slower"


class Truth(NamedTuple):
    """What a question turned out to be: the right option, None where it cannot be told; why."""

    option: str | None
    words: str


def questions(state: State, pinned: State | None) -> list[QuestionView]:
    """What can be asked about `state`."""
    asked: list[QuestionView] = []
    other = opponent(state, pinned)
    if other is not None:
        name = f"the pinned state ({other.line or 'no step'})"
        if other is not pinned:
            name = f"before its last step, {state.line}"
        words = f"Is this program faster or slower than {name}?"
        asked.append({"name": "speed", "asked": words, "options": [FASTER, SLOWER]})
    words = f"What bounds {state.program.name} at best on this machine?"
    asked.append({"name": "bound", "asked": words, "options": [MEMORY, ARITHMETIC]})
    return asked


def opponent(state: State, pinned: State | None) -> State | None:
    """The state to compare with: the pinned one, else the one before the last step."""
    return pinned if pinned is not None and pinned is not state else state.parent


def bound(state: State, engine: Engine) -> Truth:
    """Which roof of the roofline is lower; see `tvmlab.learn.kinds.predict_bound`."""
    peaks = engine.peaks(state)
    option, words = bound_of(state, Rates(peaks.flop_per_s, peaks.byte_per_s))
    return Truth(option, f"It is {option}: {words}.")


def speed(state: State, other: State, time_one: Time) -> Truth | Outcome | None:
    """Which of two states is faster, measured in turns; a failure, or None where cancelled."""
    found = fight(other, state, time_one)
    if not isinstance(found, Duel):
        return found
    view = found.view(other, state)
    is_certain = view["verdict"] != "can't tell"
    words = view["words"].replace("pinned state", "other one").replace("Pinned", "Other")
    return Truth(view["verdict"] if is_certain else None, words)
