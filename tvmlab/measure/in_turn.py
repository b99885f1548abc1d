"""Several schedules of one expression compared: checked, and timed in turns that hit all alike."""

from __future__ import annotations

from collections.abc import Sequence

from tvmlab.measure.child import Limits, LocalRunner
from tvmlab.measure.contest import TURNS, Verdict, judge, turn_order
from tvmlab.measure.outcome import Outcome, joined
from tvmlab.measure.request import CHECKS, Request
from tvmlab.measure.runner import measure_all
from tvmlab.measure.timing import Protocol
from tvmlab.schedule.state import State
from tvmlab.te.serial import to_json

LIMITS = Limits(build_s=60.0, run_s=120.0)
"""More than a tuner gives: a schedule that is compared may be a slow one."""

TURN = Protocol(
    warmup_s=0.02, min_repeat_s=0.002, min_repeats=5, limit_s=0.17, patience_s=10.0,
    interval_share=0.005,
)  # fmt: skip
"""One turn of several schedules that are compared."""


def measure_in_turn(
    states: Sequence[State],
    target: str,
    seed: int,
    turn: Protocol = TURN,
    turns: int = TURNS,
) -> tuple[list[Outcome], Verdict | None]:
    """Build, compare with the reference and time each of `states`, in `turns` turns, so that what
    the machine does meanwhile hits all alike; and the verdict on those that are right, by position
    among all, None where none is."""
    rounds: list[list[Outcome]] = []
    with LocalRunner(workers=1, limits=LIMITS) as runner:
        for number in range(turns):
            checks = CHECKS if number == 0 else 1
            requests = [request_of(state, target, seed, turn, checks) for state in states]
            order = turn_order(number, len(states))
            measured = dict(
                zip(order, measure_all(runner, [requests[k] for k in order]), strict=True)
            )
            rounds.append([measured[k] for k in range(len(states))])
    outcomes = [joined(each) for each in zip(*rounds, strict=True)]
    good = [place for place, outcome in enumerate(outcomes) if outcome.is_ok]
    if not good:
        return outcomes, None
    found = judge([[each[place].median_s or 0.0 for place in good] for each in rounds])
    rivals = tuple(good[place] for place in found.rivals)
    return outcomes, Verdict(good[found.leader], rivals, found.margin)


def request_of(
    state: State, target: str, seed: int, protocol: Protocol, checks: int = CHECKS
) -> Request:
    """The request to check and time the schedule of a state."""
    trace = [step.to_json() for step in state.steps]
    return Request(to_json(state.outputs), trace, target, seed, protocol, checks=checks)
