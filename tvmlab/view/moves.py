"""What can be done at a loop: the legal steps with their lines, and why others are not legal."""

from __future__ import annotations

from collections.abc import Mapping

from tvmlab.errors import Refusal
from tvmlab.ir.program import For
from tvmlab.schedule import STEPS, State, Step
from tvmlab.schedule.find import find_site
from tvmlab.view.fields import step_fields, step_of, step_values
from tvmlab.view.schema import LoopRef, MoveView, RefusalView, StepView


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


def steps_at(state: State, at: LoopRef) -> list[StepView]:
    """Every primitive and recipe at the loop `at`, legal or refused."""
    return [_step_view(step, state, at) for step in STEPS.values()]


def _step_view(step: type[Step], state: State, at: LoopRef) -> StepView:
    site = find_site(state.program, at["block"])
    loop = site.loop(at["loop"]) if site is not None else None
    offered: list[Step] = []
    if site is not None and loop is not None:
        offered = list(step.candidates(state.program, site, loop))
    refusals = [candidate.check(state.program) for candidate in offered]
    legal = [c for c, refusal in zip(offered, refusals, strict=True) if refusal is None]
    moves: list[MoveView] = [
        {"values": step_values(move), "line": move.line(state.program)} for move in legal
    ]
    return {
        "step": step.name,
        "summary": step.summary,
        "fields": step_fields(step, _suggestion(legal or offered)),
        "moves": moves,
        "refusal": None if legal else refusal_view(_why_not(step, at, refusals)),
    }


def _why_not(step: type[Step], at: LoopRef, refusals: list[Refusal | None]) -> Refusal:
    """Why nothing is legal: the reason of the likeliest instance, or that there is none."""
    return next((r for r in refusals if r is not None), None) or Refusal(
        f's["{at["block"]}"].{step.name}(…)',
        f"loop {at['loop']}",
        f"there is nothing to {step.name} here",
        "choose another loop",
    )


def _suggestion(offered: list[Step]) -> Step | None:
    """The instance a form begins with: the one in the middle of those offered."""
    return offered[len(offered) // 2] if offered else None


def requested_step(name: str, at: LoopRef, values: Mapping[str, str]) -> Step:
    """The step that a filled-in form describes.

    Raises:
        ScheduleError: there is no such step, or a field cannot be read.
    """
    return step_of(STEPS[name], at["block"], at["loop"], values)


def effect_words(before: State, after: State) -> str:
    """What a step made, in words: the new loops and their extents."""
    assert after.step is not None
    made = after.step.results(before.program)
    site = find_site(after.program, after.step.block)
    loops = [site.loop(name) for name in made] if site is not None else []
    return "  ·  ".join(f"{x.var.name} runs {x.extent}" for x in loops if x is not None)
