"""What can be done at a loop: the legal steps with their lines, and why others are not legal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tvmlab.errors import Refusal
from tvmlab.ir.program import For
from tvmlab.ops.gpu.unit import UNITS
from tvmlab.schedule import STEPS, State, Step
from tvmlab.schedule.find import find_site
from tvmlab.schedule.step import GROUPS
from tvmlab.view.fields import step_fields, step_of, step_values
from tvmlab.view.schema import LoopRef, MoveView, RefusalView, StepView

BY_GROUP = sorted(STEPS.values(), key=lambda step: GROUPS.index(step.group))
"""All steps, those of a group side by side."""

OF_THREADS = (
    "bind", "set_scope", "swizzle", "storage_align", "double_buffer", "cooperative_fetch",
)  # fmt: skip
OF_CPUS = ("parallel", "prefetch")
"""Steps that stand first in their group where a target has many threads, and those that do nothing
inside its kernels and stand last."""

ACCELERATOR = "scratch."
"""How the memories of accelerators begin, which no GPU has."""


def refusal_view(refusal: Refusal) -> RefusalView:
    """A refusal as plain data."""
    return {
        "asked": refusal.asked,
        "where": refusal.where,
        "why": refusal.why,
        "instead": refusal.instead,
    }


def find_loop(state: State, at: LoopRef) -> For | None:
    """The loop that `at` names, or None where the program has no such loop."""
    site = find_site(state.program, at["block"])
    return site.loop(at["loop"]) if site is not None else None


def loop_facts(loop: For) -> str:
    """A loop in words: how far it runs, and how."""
    return f"{loop.extent} iterations, {loop.kind}"


def steps_at(state: State, at: LoopRef, target: str = "cpu") -> list[StepView]:
    """The primitives and recipes that concern the loop `at`, legal or refused.

    They stand by their groups, in each those first that concern the target; a step that has not
    even a candidate here, such as a fusion with the next block where there is none, is left out.
    """
    site = find_site(state.program, at["block"])
    loop = site.loop(at["loop"]) if site is not None else None
    if site is None or loop is None:
        return []
    is_threaded = target in UNITS
    order = sorted(BY_GROUP, key=_rank) if is_threaded else BY_GROUP
    found = (
        (step, [c for c in step.candidates(state.program, site, loop) if _fits(c, is_threaded)])
        for step in order
    )
    return [_step_view(step, state, offered) for step, offered in found if offered]


def _rank(step: type[Step]) -> tuple[int, int]:
    """The place of a step for a target with many threads: its group, and where in that."""
    place = 0 if step.name in OF_THREADS else 2 if step.name in OF_CPUS else 1
    return GROUPS.index(step.group), place


def _fits(step: Step, is_threaded: bool) -> bool:
    """Whether a target has what a step names."""
    return not (is_threaded and str(getattr(step, "scope", "")).startswith(ACCELERATOR))


def _step_view(step: type[Step], state: State, offered: Sequence[Step]) -> StepView:
    refusals = [candidate.check(state.program) for candidate in offered]
    legal = [c for c, refusal in zip(offered, refusals, strict=True) if refusal is None]
    moves: list[MoveView] = [
        {"values": step_values(move), "line": move.line(state.program)} for move in legal
    ]
    return {
        "step": step.name,
        "group": step.group,
        "summary": step.summary,
        "fields": step_fields(step, _suggestion(legal or offered)),
        "moves": moves,
        "refusal": next((refusal_view(r) for r in refusals if r is not None and not legal), None),
    }


def _suggestion(offered: Sequence[Step]) -> Step:
    """The instance a form begins with: the one in the middle of those offered."""
    return offered[len(offered) // 2]


def requested_step(name: str, at: LoopRef, values: Mapping[str, str]) -> Step:
    """The step that a filled-in form describes.

    Raises:
        ScheduleError: there is no such step, or a field cannot be read.
    """
    return step_of(STEPS[name], at["block"], at["loop"], values)


def effect_words(before: State, after: State) -> str:
    """What a step made, in words: the new loops and their extents, and what is slow about it."""
    assert after.step is not None
    made = after.step.results(before.program)
    site = find_site(after.program, after.step.block)
    loops = [site.loop(name) for name in made] if site is not None else []
    words = [f"{x.var.name} runs {x.extent}" for x in loops if x is not None]
    return "  ·  ".join([*words, *(f"slow: {caution}" for caution in after.cautions)])
