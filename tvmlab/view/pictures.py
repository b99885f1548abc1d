"""The parts of a snapshot that are drawn from states: the program, the moves and the trace."""

from __future__ import annotations

from tvmlab.analysis.work import Work
from tvmlab.ir.dtypes import is_float
from tvmlab.schedule import State, Trace
from tvmlab.schedule.recipe import Recipe
from tvmlab.view.holes import hole_views
from tvmlab.view.moves import find_loop, loop_facts, steps_at
from tvmlab.view.program import StateLines, gone_views, line_views
from tvmlab.view.schema import (
    LoopRef,
    MovesView,
    PreviewView,
    ProgramView,
    RefusalView,
    StepView,
    TraceView,
)
from tvmlab.view.timeline import Timeline

SCALES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def program_view(
    state: State, printed: StateLines, work: Work, selection: LoopRef | None, notice: str
) -> ProgramView:
    """The program with what the last step changed."""
    return {
        "title": state.program.name,
        "subtitle": workload_words(state, work),
        "lines": line_views(printed),
        "gone": gone_views(printed),
        "selection": selection,
        "notice": notice,
        "can_start_over": bool(notice),
    }


def workload_words(state: State, work: Work) -> str:
    """What is computed, in a line: the outputs' types and the work of one call."""
    outputs = ", ".join(f"{t.dtype}{list(t.shape)}" for t in state.outputs)
    words = [outputs]
    if work.flops:
        is_real = any(is_float(t.dtype) for t in state.outputs)
        words.append(f"{scaled(work.flops)}{'FLOP' if is_real else 'OP'}")
    if work.size_bytes:
        words.append(f"{scaled(work.size_bytes)}B")
    return " · ".join(words)


def scaled(value: float) -> str:
    """Three digits and a decimal prefix: 2.15 G."""
    scale, prefix = next((s for s in SCALES if value >= s[0]), (1.0, ""))
    return f"{value / scale:.3g} {prefix}"


def trace_view(timeline: Timeline, refusal: RefusalView | None, line: int) -> TraceView:
    """The schedule, what can be redone included."""
    state = timeline.state
    head = f"s = t.create_schedule({', '.join(t.name for t in state.outputs)})"
    return {
        "head": head,
        "lines": [
            {
                "index": n,
                "text": later.line,
                "recipe": later.step.name if isinstance(later.step, Recipe) else "",
                "cautions": [str(caution) for caution in later.cautions],
                "holes": hole_views(later.parent, later.step) if later.step is not None else [],
            }
            for n, later in enumerate(timeline.states[1:])
        ],
        "position": timeline.position,
        "can_undo": timeline.position > 0,
        "can_redo": timeline.position < len(timeline.states) - 1,
        "python": "\n".join([head, *Trace(state).lines]),
        "refusal": refusal,
        "refused_line": line,
    }


class MovesPicture:
    """The moves at a selection; listing them asks every primitive, so the last list is kept."""

    def __init__(self) -> None:
        self._state: State | None = None
        self._at: LoopRef | None = None
        self._steps: list[StepView] = []

    def view(
        self,
        state: State,
        at: LoopRef | None,
        preview: PreviewView | None,
        refusal: RefusalView | None,
    ) -> MovesView:
        """What can be done at the loop `at` of `state`."""
        loop = find_loop(state, at) if at is not None else None
        if at is None or loop is None:
            at, steps = None, []
        elif state is self._state and at == self._at:
            steps = self._steps
        else:
            steps = steps_at(state, at)
            self._state, self._at, self._steps = state, at, steps
        return {
            "target": at,
            "target_facts": loop_facts(loop) if loop is not None else "",
            "steps": steps,
            "preview": preview,
            "refusal": refusal,
        }
