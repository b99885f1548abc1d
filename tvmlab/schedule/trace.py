"""The trace: a schedule's steps as JSON for machines and as Python for people.

Both forms are read by whitelist: JSON through the registry of steps, Python through its syntax
tree, of which only `names = s[block].step(literals, names or holes)` is understood. Nothing is run.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from tvmlab.errors import TraceError, TvmlabError, UsageError
from tvmlab.schedule.hole import Hole, hole, sample_categorical, sample_perfect_tile
from tvmlab.schedule.open_step import holes_of, step_of_call
from tvmlab.schedule.recipe import RecordedRecipe
from tvmlab.schedule.registry import RECIPE, STEPS, step_from_json
from tvmlab.schedule.state import State
from tvmlab.schedule.step import Step
from tvmlab.te.serial import to_json as workload_json
from tvmlab.te.tensor import Tensor

VERSION = 1
_HEAD = f'{{"tvmlab_trace": {VERSION}, "workload": '
HOLES: dict[str, Callable[..., Hole]] = {
    maker.__name__: maker for maker in (hole, sample_categorical, sample_perfect_tile)
}


class Trace:
    """The steps that led to a state."""

    def __init__(self, state: State) -> None:
        self._state = state

    def __len__(self) -> int:
        return self._state.depth

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps, in order."""
        return self._state.steps

    @property
    def lines(self) -> tuple[str, ...]:
        """One line of Python for each step."""
        return tuple(s.line for s in self._state.states()[1:])

    def to_python(self) -> str:
        """The steps as Python, one line each."""
        return "\n".join(self.lines)

    def to_json(self) -> str:
        """The steps and the expression they belong to, as a JSON document."""
        return "".join(self.pieces())

    def pieces(self) -> list[str]:
        """The document in pieces that follow one another. All but the last, the steps, are the same
        objects for all schedules of an expression."""
        steps = json.dumps([step.to_json() for step in self.steps])
        workload = _workload_text(self._state.outputs)
        return [_HEAD, workload, f', "steps": {steps}}}']

    def __str__(self) -> str:
        return self.to_python()


@lru_cache(maxsize=16)
def _workload_text(outputs: tuple[Tensor, ...]) -> str:
    """The expression as JSON. Kept: a lab writes it after every step, and of a large expression
    that is the longest part."""
    return json.dumps(workload_json(outputs))


def parse_document(text: str | bytes) -> dict[str, Any]:
    """A trace document as plain data, its frame checked.

    Raises:
        TraceError: not JSON, not a trace, or of a version this tvmlab does not read.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TraceError(
            f"the trace is not JSON ({error}); pass what s.trace.to_json() wrote."
        ) from None
    if not isinstance(data, dict) or "tvmlab_trace" not in data:
        raise TraceError("the JSON is not a trace: it has no 'tvmlab_trace' version.")
    if data["tvmlab_trace"] != VERSION:
        raise TraceError(
            f"the trace is of version {data['tvmlab_trace']!r}, and this tvmlab reads version "
            f"{VERSION}; write it again with a matching tvmlab."
        )
    if not isinstance(data.get("steps"), list):
        raise TraceError("the trace has no list of 'steps'; pass what s.trace.to_json() wrote.")
    return data


def steps_of(document: dict[str, Any]) -> list[Step]:
    """The steps of a parsed trace document."""
    steps = []
    for number, entry in enumerate(document["steps"], 1):
        try:
            steps.append(step_from_json(entry))
        except TraceError as error:
            raise TraceError(f"step {number}: {error}") from None
    return steps


def replay_python(state: State, text: str) -> State:
    """`state` after the lines of Python in `text`, as `Trace.to_python` writes them.

    Names on the left of `=` stand for the loops the step makes; blocks may be named as
    `s["C"]` or `s[C]`. Blank lines and comments are skipped.

    Raises:
        TraceError: a line is not of that form, with its number.
        ScheduleError: a step is illegal.
    """
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise TraceError(
            f"line {error.lineno} of the schedule is not Python: {error.msg}."
        ) from None
    loops: dict[str, str] = {}
    for node in tree.body:
        recipe = _recipe_call(node)
        if recipe is not None:
            state = state.apply(recorded(state, *recipe))
            continue
        step, names = _parse_line(node, loops, state)
        made = step.results(state.program) if step.check(state.program) is None else []
        state = state.apply(step)
        if names and len(names) != len(made):
            raise TraceError(
                f"line {node.lineno} of the schedule names {len(names)} loop(s), and "
                f"{step.name} makes {len(made)}: {', '.join(made)}."
            )
        loops.update(zip(names, made, strict=False))
    return state


def recorded(state: State, title: str, text: str) -> RecordedRecipe:
    """The recipe of the steps that lines of Python make of `state`.

    Raises:
        TraceError: a line is not a step, or there is none.
        ScheduleError: a step is illegal.
        UsageError: the name is not a line of text.
    """
    if not isinstance(text, str):
        raise TraceError(f"the recipe {title!r} takes the text of its steps, not {text!r}.")
    steps = replay_python(state, text).steps[state.depth :]
    if not steps:
        raise TraceError(f"the recipe {title!r} has no steps; write some, or leave it out.")
    return RecordedRecipe.of(title, steps)


def _recipe_call(node: ast.stmt) -> tuple[str, str] | None:
    """Name and text of `s.recipe("name", "text")`; None for another statement."""
    call = node.value if isinstance(node, ast.Expr) else None
    if not (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.attr == RECIPE
    ):
        return None
    texts = [a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    if len(texts) != 2 or len(call.args) != 2 or call.keywords:
        raise _unreadable(node)
    return texts[0], texts[1]


def _parse_line(node: ast.stmt, loops: dict[str, str], state: State) -> tuple[Step, list[str]]:
    """The step of one statement, and the names given to the loops it makes."""
    names: list[str] = []
    value: ast.expr | None = None
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
        parts = target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]
        names = [p.id for p in parts if isinstance(p, ast.Name)]
        value = node.value if len(names) == len(parts) else None
    elif isinstance(node, ast.Expr):
        value = node.value
    if not (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Attribute)
        and isinstance(value.func.value, ast.Subscript)
    ):
        raise _unreadable(node)
    key = value.func.value.slice
    if isinstance(key, ast.Name):
        block = key.id
    elif isinstance(key, ast.Constant) and isinstance(key.value, str):
        block = key.value
    else:
        raise _unreadable(node)
    step = STEPS.get(value.func.attr)
    if step is None:
        asked = value.func.attr
        close = get_close_matches(asked, STEPS, n=1)
        instead = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(STEPS)}."
        raise TraceError(
            f"line {node.lineno} of the schedule asks for the unknown step {asked!r}; {instead}"
        )
    args = [_argument(a, loops, node) for a in value.args]
    kwargs = {k.arg: _argument(k.value, loops, node) for k in value.keywords if k.arg is not None}
    if len(kwargs) != len(value.keywords):
        raise _unreadable(node)
    made = step_of_call(step, block, args, kwargs, state.program, holes_of(state.steps))
    return made, names


def _argument(node: ast.expr, loops: dict[str, str], line: ast.stmt) -> Any:
    if isinstance(node, ast.Name):
        return loops.get(node.id, node.id)
    if isinstance(node, (ast.List, ast.Tuple)):
        return tuple(_argument(e, loops, line) for e in node.elts)
    if isinstance(node, ast.Call):
        return _hole(node, loops, line)
    try:
        return ast.literal_eval(node)
    except ValueError:
        raise _unreadable(line) from None


def _hole(node: ast.Call, loops: dict[str, str], line: ast.stmt) -> Hole:
    """The hole of `t.hole("tile_y", [4, 8], 8)`."""
    maker = HOLES.get(ast.unparse(node.func).removeprefix("t."))
    if maker is None:
        raise _unreadable(line)
    args = [_argument(a, loops, line) for a in node.args]
    kwargs = {k.arg: _argument(k.value, loops, line) for k in node.keywords if k.arg is not None}
    try:
        return maker(*args, **kwargs)
    except TypeError:
        raise _unreadable(line) from None
    except UsageError as error:
        raise TraceError(f"line {line.lineno} of the schedule: {error}") from None


def _unreadable(node: ast.stmt) -> TvmlabError:
    return TraceError(
        f"line {node.lineno} of the schedule is not a step: {ast.unparse(node)[:60]!r}; "
        'write one as yo, yi = s["C"].split("y", 32).'
    )
