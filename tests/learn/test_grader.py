"""The grader against honest and dishonest answers, from every door it has."""

from __future__ import annotations

import json
import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.learn.bench import FakeBench
from tests.notebooks.running import ROOT
from tests.patience import PATIENCE_S
from tvmlab import api
from tvmlab.cli import main
from tvmlab.errors import TraceError, UsageError
from tvmlab.learn import NotPassed, exercise, grade, judge
from tvmlab.learn.answer import Answer, read_answer
from tvmlab.learn.exercise import read_exercise
from tvmlab.learn.notebook import SNAPSHOT_MIME, answer_in_notebook
from tvmlab.schedule import State, replay_python

MEND = exercise("mend")
GOOD = MEND.key.solution if MEND.key else ""
SMALL = """
title = "Small"
kind = "reach_speed"
text = "Be fast."
[workload]
operator = "matmul"
sizes = {m = 16, n = 16, k = 16}
[goal]
share = 0.5
[key]
hidden = [{m = 5, n = 7, k = 3}]
reference = 's["C"].vectorize("x")'
"""


def trace_of(text: str) -> dict:
    return json.loads(api.Schedule(replay_python(MEND.naive, text)).trace.to_json())


# ---- what decides


def test_the_steps_alone_decide_and_not_what_the_file_claims() -> None:
    claimed = {"trace": trace_of(""), "measured": {"median_s": 1e-9}, "passed": True, "points": 10}
    graded = judge(MEND, read_answer(json.dumps(claimed)), FakeBench())
    assert not graded.is_passed
    honest = {"trace": trace_of(GOOD), "measured": {"median_s": 1e9}}
    assert judge(MEND, read_answer(json.dumps(honest)), FakeBench()).is_passed


def test_hidden_sizes_and_new_seeds_are_tried_each_time() -> None:
    bench = FakeBench()
    for _ in range(3):
        judge(MEND, read_answer(GOOD), bench)
    sizes = [state.outputs[0].extents for state in bench.checked[:3]]
    assert sizes == [(64, 64), (17, 48), (3, 37)]
    assert len(set(bench.seeds)) == 3, "inputs nobody can prepare for"


def test_right_at_the_shown_size_only_is_not_right() -> None:
    bench = FakeBench(is_wrong=lambda state: state.outputs[0].extents == (17, 48))
    graded = judge(MEND, read_answer(GOOD), bench)
    assert not graded.is_passed
    assert "at a size not shown: wrong answer, C differs" in str(graded)


def test_a_trace_of_another_expression_is_not_read() -> None:
    other = json.loads(api.Schedule(exercise("tiles").naive).trace.to_json())
    with pytest.raises(TraceError, match="another expression"):
        judge(MEND, read_answer(json.dumps(other)), FakeBench())


@pytest.mark.parametrize(
    "text",
    [
        '__import__("os").system("true")\ns["C"].__class__("x")',
        'for i in range(3):\n    s["C"].unroll("y")',
        's["C"].split("x", 16 * 2)',
        "open('x').read() + 1",
        "lambda: 0",
        "(" * 500,
        "a\0b",
    ],
)
def test_python_is_read_through_a_whitelist(text: str) -> None:
    with pytest.raises(TraceError):
        judge(MEND, read_answer(text), FakeBench())


def test_speed_has_an_absolute_threshold_and_partial_points() -> None:
    small = read_exercise("small", SMALL)
    answer = read_answer('s["C"].unroll("x")')

    def graded(own_s: float) -> float:
        bench = FakeBench(lambda state: own_s if "unroll" in state.line else 1.0)
        found = judge(small, answer, bench)
        assert found.is_passed == (own_s <= 2)
        return found.points

    assert [graded(s) for s in (0.5, 2.0, 4.0, 8.0)] == [10, 10, 6.5, 4.7]


def test_what_is_wrong_is_not_timed() -> None:
    small = read_exercise("small", SMALL)
    bench = FakeBench(is_wrong=lambda state: True)
    assert judge(small, read_answer('s["C"].unroll("x")'), bench).points == 0


def test_confidence_is_scored_by_brier() -> None:
    bound = exercise("which_bound")

    def points(choice: str, confidence: float) -> float:
        answer = Answer(settings={"choice": choice, "confidence": confidence})
        return judge(bound, answer, FakeBench()).points

    assert points("memory", 1.0) == 5
    assert points("memory", 0.5) == pytest.approx(4.6, abs=0.05)
    assert points("arithmetic", 1.0) == 0
    assert points("arithmetic", 0.5) == pytest.approx(1.1, abs=0.05)
    with pytest.raises(TraceError, match="confidence"):
        points("memory", 7)
    with pytest.raises(TraceError, match="one of memory, arithmetic"):
        points("the cache", 0.5)


# ---- on this machine


def test_a_schedule_is_graded_on_this_machine(capsys: pytest.CaptureFixture) -> None:
    graded = grade(GOOD, "mend")
    assert graded.passed
    assert graded.require() is graded
    assert "passed, 10 of 10 points" in capsys.readouterr().out
    with pytest.raises(NotPassed, match="not passed yet"):
        grade(MEND.schedule(), "mend").require()


def test_an_exercise_may_be_of_an_expression_over_sizes() -> None:
    workload = {
        "tvmlab_te": 1,
        "sizes": [["n", 1, 4096]],
        "tensors": [
            {"name": "A", "shape": [["size", "n"]], "dtype": "float32"},
            {"name": "B", "axes": [["i", ["size", "n"]]], "body": ["load", 0, [["axis", 0]]]},
        ],
        "outputs": [1],
    }
    text = f"""
title = "Copy"
kind = "vectorize"
text = "Copy in lanes."
[workload]
expression = '{json.dumps(workload)}'
sizes = {{n = 64}}
[key]
hidden = [{{n = 40}}]
"""
    copy = read_exercise("copy", text)
    bench = FakeBench()
    good = 's["B"].split("i", 16)\ns["B"].vectorize("ii")'
    assert judge(copy, read_answer(good), bench).is_passed
    assert [state.outputs[0].extents for state in bench.checked] == [(64,), (40,)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("title", "titel"), "lacks 'title'"),
        (("reach_speed", "fly"), "kind of exercise 'fly'"),
        (("share = 0.5", 'share = "much"'), "does not fit in 'share'"),
        (("share = 0.5", "share = 0.5\nmore = 1"), "does not fit in 'more'"),
        (('"matmul"', '"matmull"'), "did you mean 'matmul'"),
        (("[key]", "[keys]"), "unknown field 'keys'"),
        (("[goal]", "[goal"), "is not TOML"),
        (("hidden = [{m = 5, n = 7, k = 3}]", "hidden = [5]"), "hidden sizes"),
    ],
)
def test_a_mistaken_file_is_told_in_a_sentence(change: tuple[str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        judge(read_exercise("small", SMALL.replace(*change)), Answer(("",)), FakeBench())


def test_without_a_key_nothing_is_graded() -> None:
    small = read_exercise("small", SMALL.partition("[key]")[0])
    with pytest.raises(UsageError, match="has no key"):
        judge(small, Answer(("",)), FakeBench())


# ---- the command line


def test_the_command_says_by_its_status_what_came_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tvmlab.cli.grade.MachineBench", FakeBench)
    answer = tmp_path / "answer.py"
    answer.write_text(GOOD)
    assert main(["grade", "mend", str(answer)]) == 0
    assert "mend: passed, 10 of 10 points" in capsys.readouterr().out
    answer.write_text("")
    assert main(["grade", "mend", str(answer), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["passed"], told["of"]) == (False, 10)
    assert told["marks"][0]["words"]
    answer.write_text("{")
    assert main(["grade", "mend", str(answer)]) == 2
    assert main(["grade", "mend", str(tmp_path / "none.py")]) == 2
    assert main(["grade", "nothing", str(answer)]) == 2
    assert main(["grade"]) == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 4
    assert all(line.startswith("tvmlab: ") for line in told)
    assert main(["grade", "--list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 12


# ---- notebooks


def cell(source: str = "", tags: tuple[str, ...] = (), left: dict | None = None) -> dict:
    made = nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)})
    if left is not None:
        data = {"text/plain": "", SNAPSHOT_MIME: left}
        made.outputs = [nbformat.v4.new_output("display_data", data)]
    return made


def notebook(*cells: dict) -> str:
    return nbformat.writes(nbformat.v4.new_notebook(cells=list(cells)))


def lines(text: str) -> list[str]:
    answer = answer_in_notebook(text, MEND)
    [trace] = answer.traces
    if trace.startswith("{"):
        return [step["step"] for step in json.loads(trace)["steps"]]
    return trace.splitlines()


def test_the_answer_is_found_in_a_notebook() -> None:
    lab = cell(left={"name": "C", "trace": trace_of(GOOD), "measured": {"median_s": 0}})
    plain = cell(left={"name": "C", "trace": trace_of("")})
    assert lines(notebook(plain, lab)) == ["split", "reorder", "vectorize"]
    graded = cell(left={"exercise": "mend", "traces": [trace_of(GOOD)]})
    assert lines(notebook(graded, plain)) == ["split", "reorder", "vectorize"]
    tagged = cell(tags=("mend",), left={"trace": trace_of('s["C"].split("y", 8)')})
    assert lines(notebook(tagged, graded)) == ["split"]
    source = 'import tvmlab as t\ns = t.exercise("mend").schedule()\ns["C"].vectorize("xi")'
    written = cell(source + '\nt.grade(s, "mend")', tags=("mend",))
    assert lines(notebook(written)) == ["s['C'].vectorize('xi')"]
    answer = answer_in_notebook(notebook(written), MEND)
    assert judge(MEND, answer, FakeBench()).is_passed, "it goes on where the exercise begins"
    with pytest.raises(TraceError, match="no answer to 'mend'"):
        answer_in_notebook(notebook(cell("1 + 1")), MEND)
    other = cell(left={"exercise": "tiles", "trace": trace_of(GOOD)})
    with pytest.raises(TraceError, match="no answer to 'mend'"):
        answer_in_notebook(notebook(other), MEND)
    for odd in ("[]", '{"cells": [3]}', "{"):
        with pytest.raises(TraceError, match="cannot be read"):
            answer_in_notebook(odd, MEND)
    for odd in ({"metadata": 3}, {"outputs": [{"data": 7}, 8]}, {"metadata": {"tags": None}}):
        with pytest.raises(TraceError, match="no answer"):
            answer_in_notebook(json.dumps({"cells": [odd]}), MEND)


def test_a_notebook_grades_itself_without_a_browser_and_is_graded_again(tmp_path: Path) -> None:
    cells = [
        cell('import tvmlab as t\ns = t.exercise("mend").schedule()\ns["C"].vectorize("xi")'),
        cell('assert t.grade(s, "mend").passed'),
        cell('t.grade(s, "mend").points'),
        cell('t.grade(t.Lab.exercise("mend"), "mend")'),
    ]
    made = nbformat.v4.new_notebook(cells=cells)
    client = NotebookClient(
        made, timeout=int(PATIENCE_S), resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute(env={**os.environ, "PYTHONPATH": str(ROOT)})
    otter, nbgrader, lab = made.cells[1:]
    assert "mend: passed, 10 of 10 points" in otter.outputs[0]["text"]
    assert nbgrader.outputs[-1]["data"]["text/plain"] == "10.0"
    assert SNAPSHOT_MIME in lab.outputs[-1]["data"]
    found = answer_in_notebook(nbformat.writes(made), MEND)
    assert judge(MEND, found, FakeBench()).marks[2].is_passed is False, "the lab was as it began"


def test_a_start_may_go_over_several_lines_and_be_no_python() -> None:
    start = 'start = \'\'\'\ns["C"].split(\n  "x", 4)\ns["C"].unroll("xi")\n\'\'\'\n[workload]'
    small = read_exercise("small", SMALL.replace("[workload]", start))
    assert (small.state.depth, small.refused) == (2, "")
    odd = read_exercise("small", SMALL.replace("[workload]", 'start = "x ="\n[workload]'))
    assert (odd.state.depth, odd.refused[:22]) == (0, "line 1 is not Python: ")


def test_states_are_what_the_whitelist_makes() -> None:
    assert isinstance(MEND.state, State)
    assert MEND.state.depth == 2
    assert 'vectorize("k")' in MEND.refused
