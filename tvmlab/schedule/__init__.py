"""How a user changes a program: immutable states, steps, recipes and traces."""

from tvmlab.schedule.handle import Schedule, create_schedule
from tvmlab.schedule.registry import STEPS, step_from_json
from tvmlab.schedule.stage import Loop, Stage
from tvmlab.schedule.state import State
from tvmlab.schedule.step import Step
from tvmlab.schedule.trace import Trace, parse_document, replay_python, steps_of

__all__ = [
    "STEPS",
    "Loop",
    "Schedule",
    "Stage",
    "State",
    "Step",
    "Trace",
    "create_schedule",
    "parse_document",
    "replay_python",
    "step_from_json",
    "steps_of",
]
