"""The journey of an expression, printed at every stop: `python -m tests.project.journey`.

It writes docs/journey.md, which `test_journey.py` compares with what it would write now. All of it
is the same on every machine: the processor is made up, and times are too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from tests.project.pages import DOCS, fenced, write
from tvmlab import api, ops, te
from tvmlab.errors import ScheduleError
from tvmlab.ir.interpret import interpret
from tvmlab.lower import PASSES, lower, lower_stages
from tvmlab.measure.child import LocalRunner
from tvmlab.measure.outcome import Outcome
from tvmlab.measure.request import Request
from tvmlab.measure.runner import measure_all
from tvmlab.measure.timing import Protocol
from tvmlab.schedule import State
from tvmlab.targets.cpu.emit import emit
from tvmlab.te.serial import to_json
from tvmlab.tune.database import Database
from tvmlab.tune.explorers import RandomExplorer
from tvmlab.tune.session import Session
from tvmlab.tune.setup import Setup
from tvmlab.tune.template_space import template_space
from tvmlab.view.lab import LabView
from tvmlab.view.machine import Machine
from tvmlab.view.text import snapshot_text

PAGE = DOCS / "journey.md"

SOURCE = """\
A = t.placeholder((64, 32), name="A")
B = t.placeholder((64, 48), name="B")
k = t.reduce_axis((0, 64), name="k")
C = t.compute((32, 48), lambda y, x: t.sum(A[k, y] * B[k, x], axis=k), name="C")"""

LINES = """\
yo, xo, yi, xi = s["C"].tile("y", "x", 2, 16)
s["C"].reorder("yo", "xo", "k", "yi", "xi")
s["C"].vectorize("xi")
s["C"].unroll("yi")
s["C"].parallel("yo")"""

MADE_UP_S = (3.0e-06, 3.1e-06, 3.2e-06)


@dataclass(frozen=True)
class Processor:
    """A processor that no reader need have."""

    llvm_cpu: str = "x86-64-v3"
    vector_bits: int = 256
    has_fma: bool = True
    instruction_sets: tuple[str, ...] = ()


def expression() -> te.Tensor:
    """What `SOURCE` says."""
    names: dict[str, te.Tensor] = {}
    exec(f"import tvmlab as t\n{SOURCE}", names)
    return names["C"]


def said(first: State) -> Iterator[str]:
    """The tensor expression and its plain data."""
    yield "## 1. The expression (`te`)\n"
    yield "What is to be computed, as the user says it:\n"
    yield fenced(SOURCE, "python")
    yield "and as plain data, which is its identity in files, databases and other processes:\n"
    yield fenced(json.dumps(to_json(first.outputs)), "json")


def naive(first: State) -> Iterator[str]:
    """The program before any step, run by the interpreter."""
    yield "## 2. The naive program (`te` to `ir`)\n"
    yield "One loop per axis and one block per tensor, which the interpreter runs at once:\n"
    yield fenced(first.program)
    rng = np.random.default_rng(0)
    a = rng.integers(-4, 5, (64, 32)).astype(np.float32)
    b = rng.integers(-4, 5, (64, 48)).astype(np.float32)
    c = np.zeros((32, 48), np.float32)
    interpret(first.program, [a, b, c])
    yield f"On small whole numbers it equals `A.T @ B`: **{np.array_equal(c, a.T @ b)}**.\n"


def scheduled(schedule: api.Schedule) -> Iterator[str]:
    """Every step with the program it leaves, and one that is refused."""
    yield "## 3. The schedule (`schedule`)\n"
    yield "Each step is checked, then rewrites the program into a program:\n"
    for state in schedule.state.states()[1:]:
        yield fenced(f"{state.line}\n\n{state.program}")
    yield "What would be wrong is refused, with a witness and a way out:\n"
    try:
        schedule["C"].parallel("k")
    except ScheduleError as error:
        yield fenced(error)
    yield "The steps alone are the trace, here as JSON:\n"
    yield fenced(json.dumps([step.to_json() for step in schedule.trace.steps]), "json")


def lowered(state: State) -> Iterator[str]:
    """The program after every pass that changed it."""
    yield "## 4. Lowering (`lower`)\n"
    docs = {step.name: step.doc for step in PASSES}
    unchanged = []
    for (_, before), (name, after) in pairwise(lower_stages(state.program)):
        if str(after) == str(before):
            unchanged.append(name)
            continue
        yield f"**{name}**: {docs[name]}.\n"
        yield fenced(after)
    yield f"Nothing to do here for: {', '.join(unchanged)}.\n"


def emitted(state: State) -> Iterator[str]:
    """The LLVM IR."""
    yield "## 5. Text for the machine (`targets/cpu/emit*`)\n"
    cpu = Processor()
    yield f"LLVM IR, a pure function of the program and the processor (here {cpu.llvm_cpu}):\n"
    yield fenced(emit(lower(state.program), cpu), "llvm")


def measured(state: State) -> Iterator[str]:
    """What a child process makes of it."""
    yield "## 6. Build, run, compare, time (`targets/cpu/build`, `run`, `measure`)\n"
    yield "A request goes to a process of its own; what comes back is data, whatever happened:\n"
    steps = [step.to_json() for step in state.steps]
    protocol = Protocol(min_repeats=1, limit_s=0.0)
    request = Request(to_json(state.outputs), steps, seed=0, protocol=protocol)
    wrong = replace(request, trace=[{**steps[-1], "loop": "k"}])
    with LocalRunner(workers=1) as runner:
        for outcome in measure_all(runner, [request, wrong]):
            yield fenced(json.dumps(timeless(outcome).to_json()), "json")
    yield "(The times on this page are made up, so that it reads the same everywhere.)\n"


def timeless(outcome: Outcome) -> Outcome:
    """An outcome with figures that no machine measured."""
    times_s = MADE_UP_S if outcome.is_ok else ()
    return replace(outcome, times_s=times_s, build_s=0.0, total_s=0.0, device_s=0.0)


def searched(state: State) -> Iterator[str]:
    """The tuner's session and what it stores."""
    yield "## 7. Searching (`ops`, `tune`)\n"
    template = ops.template_for(state.outputs)
    space = template_space(template, state.outputs)
    yield f"The template `{template.name}` leaves these decisions open:\n"
    knobs = [f"{knob.name}: {len(knob.options)} options" for knob in space.knobs]
    yield fenced("\n".join([*knobs, f"together: {space.size} configurations"]))
    yield "A session proposes, is told outcomes, and decides; it knows no clock and no file:\n"
    session = Session(
        space, RandomExplorer(space, seed=0), 3, first=[template.default(state.outputs)]
    )
    told = []
    with Database.open(None, clock=lambda: 0.0) as database:
        setup = Setup(to_json(state.outputs), template.name, explorer="random", trials=3)
        row = database.begin(setup, {})
        for number, candidate in enumerate(session.next(3)):
            outcome = Outcome("ok", "time", "", tuple(s / (1 + number) for s in MADE_UP_S))
            record = session.observe(candidate.number, replace(outcome, verified=True))
            database.append(row, [record])
            told.append(f"trial {record.number}: {record.config}, {record.median_s:.3g} s")
        best = database.best(setup.workload, setup.target)
    yield fenced("\n".join(told))
    number = "none" if best is None else best.number
    yield f"It ends because {session.finished}; the database finds trial {number} to be the best.\n"


def shown(schedule: api.Schedule) -> Iterator[str]:
    """The snapshot that every screen draws."""
    yield "## 8. On the screen (`view`, `ui`, `extension`)\n"
    view = LabView(schedule, Machine(), restore=False)
    snapshot = view.snapshot()
    yield f"A lab is a snapshot of plain data, with the parts {', '.join(sorted(snapshot))}.\n"
    yield "Panes draw it; where there is no browser it is text:\n"
    yield fenced(snapshot_text(snapshot))
    view.close()


def page() -> str:
    """The whole page."""
    schedule = api.create_schedule(expression())
    schedule.apply_python(LINES)
    state = schedule.state
    parts = [
        "# The journey of an expression\n",
        "Every stop between a formula and the screen, printed by the code itself. "
        "`python -m tests.project.journey` writes this page; a test says when it is out of date.\n",
    ]
    for stop in (
        said(state.first),
        naive(state.first),
        scheduled(schedule),
        lowered(state),
        emitted(state),
        measured(state),
        searched(state),
        shown(schedule),
    ):
        parts.extend(stop)
    return "\n".join(parts)


if __name__ == "__main__":
    write(PAGE, page)
