"""The schedules that are tried on devices, by name: a seed's digits, or a file in `pinned/`.

What a seed stands for changes with the generator; what failed once is therefore written down there:
the expression, the steps, what it was about, and where the defect was that a step was accepted, the
step that is `refused` after them.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

from tests.fuzz.gpu_traces import random_gpu_schedule
from tvmlab.errors import TargetError
from tvmlab.ir import Program
from tvmlab.ir.shuffle import SHUFFLES
from tvmlab.lower.device_pipeline import lower_for_device
from tvmlab.schedule import Schedule, State
from tvmlab.targets.cuda.dialect import instructions_of
from tvmlab.te.serial import from_json

_FOLDER = Path(__file__).parent / "pinned"

PINNED = tuple(sorted(path.stem for path in _FOLDER.glob("*.json")))
"""What failed once."""


def pinned(name: str) -> tuple[Schedule, str]:
    """The schedule of a file, and the step that is refused after it; "" if there is none."""
    content = json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    schedule = Schedule(State.start(from_json(content["expression"])))
    schedule.apply_python("\n".join(content["trace"]))
    return schedule, content.get("refused", "")


def schedule_of(name: str) -> Schedule | None:
    """The schedule of that name; None where a seed has none for a device."""
    return random_gpu_schedule(int(name)) if name.isdigit() else pinned(name)[0]


def seed_of(name: str) -> int:
    """What the arrays of a schedule are drawn from."""
    return int(name) if name.isdigit() else 0


def met(schedule: Schedule) -> tuple[str, ...]:
    """What a schedule tries, by name: its steps, each once, and what its code does because of them:
    `(pipeline)` of more than one stage, `(copies go on)` while threads work, `(shuffles)`."""
    steps = {step.name for step in schedule.state.steps}
    program = lowered(schedule, instructions_of((8, 0)) | SHUFFLES)
    said = str(program)
    marks = {
        "(pipeline)": "software_pipeline_stage" in str(schedule.mod),
        "(copies go on)": "copy_async" in said,
        "(shuffles)": "shuffle" in said,
    }
    return tuple(sorted(steps | {mark for mark, is_met in marks.items() if is_met}))


def lowered(schedule: Schedule, instructions: Collection[str] = ()) -> Program | None:
    """The program for a device; None where its loops make no kernels."""
    try:
        return lower_for_device(schedule.mod, instructions)
    except TargetError:
        return None
