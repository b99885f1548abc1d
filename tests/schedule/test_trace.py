"""Traces: read through whitelists, refused in one sentence, never run."""

from __future__ import annotations

import json

import pytest

import tvmlab as t
from tvmlab.ir import equal
from tvmlab.schedule import State, parse_document, replay_python, step_from_json, steps_of
from tvmlab.te.tensor import Tensor


def _copy(n: int = 32) -> Tensor:
    a = t.placeholder((n, n), name="A")
    return t.compute((n, n), lambda y, x: a[y, x] + 1.0, name="B")


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("{", "not JSON"),
        ("[1, 2]", "not a trace"),
        ("{}", "not a trace"),
        ('{"tvmlab_trace": 99, "steps": []}', "version 99"),
        ('{"tvmlab_trace": 1}', "no list of 'steps'"),
        ('{"tvmlab_trace": 1, "steps": {"a": 1}}', "no list of 'steps'"),
        ("[" * 100_000, "not JSON"),
        (b"\xff\xfe", "not JSON"),
    ],
)
def test_a_document_that_is_no_trace(document: str | bytes, words: str) -> None:
    with pytest.raises(t.TraceError, match=words) as caught:
        parse_document(document)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("split", "an object"),
        ({}, "an object"),
        ({"step": "erase_disk", "block": "B"}, "unknown step 'erase_disk'"),
        ({"step": "split", "block": "B", "loop": "y"}, "factors"),
        ({"step": "split", "block": "B", "loop": 3, "factors": [None, 4]}, "loop=3"),
        ({"step": "split", "block": "B", "loop": "y", "factors": [None, "4"]}, "factors="),
        ({"step": "split", "block": "B", "loop": "y", "factors": [None, True]}, "factors="),
        ({"step": "vectorize", "block": "B", "loop": "y", "extra": 1}, "extra"),
    ],
)
def test_a_step_that_does_not_fit(step: object, words: str) -> None:
    with pytest.raises(t.TraceError, match=words):
        step_from_json(step)


def test_the_number_of_a_bad_step_is_said() -> None:
    good = {"step": "parallel", "block": "B", "loop": "y"}
    with pytest.raises(t.TraceError, match="step 2: "):
        steps_of({"steps": [good, {"step": "nonsense"}]})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import os", "line 1"),
        ("s['B'].split('y', __import__('os').getpid())", "line 1"),
        ('s["B"].parallel("y")\nprint(1)', "line 2"),
        ('s["B"].nonsense("y")', "unknown step 'nonsense'; known are split, "),
        ('s["B"].vectorise("y")', "unknown step 'vectorise'; did you mean 'vectorize'\\?$"),
        ("s.B.split('y', 4)", "line 1"),
        ("a.b = s['B'].split('y', 4)", "line 1"),
        ("a = s['B'].split('y', 4)", "names 1 loop"),
        ("s['B'].split(*x)", "line 1"),
        ("s['B'].split(**x)", "line 1"),
        ("for x in y: pass", "line 1"),
        ("s['B'].split('y' 4)", "line 1"),
    ],
)
def test_python_that_is_no_schedule(text: str, words: str) -> None:
    start = State.start(_copy())
    with pytest.raises(t.TraceError, match=words) as caught:
        replay_python(start, text)
    assert "\n" not in str(caught.value)


def test_python_may_name_loops_comment_and_leave_lines_blank() -> None:
    start = State.start(_copy())
    text = """
    # tile by hand
    """.strip()
    text += '\na, b = s[B].split("y", 8)\n\nc, d = s["B"].split("x", 4)\ns[B].reorder(a, c, b, d)'
    state = replay_python(start, text)
    by_hand = t.create_schedule(_copy())
    by_hand["B"].tile("y", "x", 8, 4)
    assert equal(state.program, by_hand.mod)


def test_undo_redo_and_at_point_at_the_same_states() -> None:
    s = t.create_schedule(_copy())
    first = s.state
    s["B"].split("y", 8)
    s["B"].parallel("yo")
    last = s.state
    assert s.undo()
    assert s.undo()
    assert not s.undo()
    assert s.state is first
    assert s.redo()
    assert s.redo()
    assert not s.redo()
    assert s.state is last
    assert s.at(0).state is first
    assert s.at(-1).state is last
    assert str(s.at(1).trace) == 'yo, yi = s["B"].split("y", 8)'
    with pytest.raises(t.UsageError, match="2 step"):
        s.at(5)


def test_a_new_step_after_undo_forgets_what_could_be_redone() -> None:
    s = t.create_schedule(_copy())
    s["B"].parallel("y")
    s.undo()
    s["B"].vectorize("x")
    assert not s.redo()


def test_a_refused_line_among_several_changes_nothing() -> None:
    s = t.create_schedule(_copy())
    before = s.state
    with pytest.raises(t.ScheduleError):
        s.apply_python('s["B"].parallel("y")\ns["B"].parallel("x")')
    assert s.state is before


def test_replay_of_another_expression_is_refused() -> None:
    s = t.create_schedule(_copy(32))
    s["B"].split("y", 8)
    document = s.trace.to_json()
    with pytest.raises(t.TraceError, match="another expression"):
        t.replay(_copy(64), document)
    anonymous = json.dumps({**json.loads(document), "workload": None})
    assert len(t.replay(_copy(64), anonymous).trace) == 1


def test_loops_know_their_block() -> None:
    a = t.placeholder((16,), name="A")
    b = t.compute((16,), lambda i: a[i] + 1.0, name="B")
    c = t.compute((16,), lambda i: b[i] * 2.0, name="C")
    s = t.create_schedule(c)
    io, _ = s[b].split("i", 4)
    assert (str(io), io.block) == ("io", "B")
    with pytest.raises(t.ScheduleError, match="made around block B"):
        s[c].parallel(io)
    with pytest.raises(t.UsageError, match="its blocks are B, C"):
        s["D"]
    with pytest.raises(t.UsageError, match="not computed by this schedule"):
        s[a]
    with pytest.raises(AttributeError, match="is not a schedule step; there are split, fuse"):
        s[b].explode("i")
    with pytest.raises(AttributeError, match="did you mean 'vectorize'"):
        s[b].vectorise("i")
    with pytest.raises(AttributeError, match=r"split is a step of a block; write s\['C'\].split"):
        s.split("i", 4)


def test_origins_name_the_step_that_made_each_loop() -> None:
    s = t.create_schedule(_copy())
    s["B"].split("y", 8)
    s["B"].split("x", 4)
    made = {v.name: step for v, step in s.state.origins.items()}
    assert made == {"yo": 1, "yi": 1, "xo": 2, "xi": 2}


def test_moves_at_a_loop_are_all_legal() -> None:
    s = t.create_schedule(_copy())
    io, _ = s["B"].split("y", 8)
    for where in (io, ("B", "yo"), "yo"):
        moves = s.moves(where)
        assert {"split", "fuse", "reorder", "parallel", "unroll"} <= {m.name for m in moves}
        assert all(m.check(s.mod) is None for m in moves)


@pytest.mark.parametrize("form", ["name", "stage", "tensor"])
def test_a_loop_of_the_block_that_an_argument_names_is_understood(form: str) -> None:
    A = t.placeholder((8, 8), name="A")
    B = t.compute((8, 8), lambda i, j: A[i, j] + 1.0, name="B")
    C = t.compute((8, 8), lambda i, j: B[i, j] * 2.0, name="C")
    s = t.create_schedule(C)
    io, _ = s[C].split("i", 4)
    s[B].compute_at({"name": "C", "stage": s[C], "tensor": C}[form], io)
    assert s.trace.lines[-1] == 's["B"].compute_at("C", "io")'
