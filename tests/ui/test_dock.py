"""The docked lab without a browser: what is followed, what is sent, and what schedules do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import tvmlab as t
from tests.patience import PATIENCE_S, eventually
from tests.view.fake_engine import FakeEngine
from tests.view.followed import followed
from tvmlab.errors import UsageError
from tvmlab.targets.cpu.build.patience import compile_limit_s
from tvmlab.ui import dock as dock_module
from tvmlab.ui import lab as lab_module
from tvmlab.ui.dock import DockedKernel, run_words
from tvmlab.ui.follow import Follower
from tvmlab.view.preferences import preferred_protocol


class Page:
    """The other end of a comm: what a page was told."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self._hear: Callable[[dict[str, Any]], None] = lambda message: None

    def send(self, message: dict[str, Any]) -> None:
        self.told.append(message)

    def on_msg(self, hear: Callable[[dict[str, Any]], None]) -> None:
        self._hear = hear

    def on_close(self, end: Callable[[object], None]) -> None:
        self.close = end

    def say(self, **data: Any) -> None:
        self._hear({"content": {"data": data}})

    def parts(self, stem: str) -> list[Any]:
        """The states of one pane that were sent."""
        sent = [m["news"] for m in self.told if m["kind"] == "part" and m["pane"] == stem]
        return followed(map(json.loads, sent))


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    monkeypatch.setattr(lab_module, "Machine", lambda *_: FakeEngine())
    monkeypatch.chdir(tmp_path)
    return {}


@pytest.fixture
def kernel(variables: dict[str, Any]) -> Iterator[DockedKernel]:
    kernel = DockedKernel(variables)
    yield kernel
    for _, lab in kernel.labs():
        lab.close()


def schedule(name: str = "B") -> t.Schedule:
    a = t.placeholder((16, 32), name="A")
    return t.create_schedule(t.compute((16, 32), lambda y, x: a[y, x] + 1, name=name))


def docked(kernel: DockedKernel, *panes: str) -> Page:
    page = Page()
    kernel.join(page, {"content": {"data": {"kind": "look", "panes": list(panes)}}})
    return page


def test_the_last_one_touched_is_found() -> None:
    follower, one, other = Follower(), schedule("one"), schedule("other")
    assert follower.look({"n": 3}) is None
    assert follower.look({"a": one, "b": other, "_": one}).value is other
    assert follower.look({"a": one, "b": other}) is None
    one["one"].split("x", 8)
    assert follower.look({"a": one, "b": other}).name == "a"
    other["other"].split("x", 8)
    assert follower.look({"_7": other}).name == "Out[7]"


def test_a_page_is_sent_what_it_looks_at_and_only_what_changed(
    kernel: DockedKernel, variables: dict[str, Any]
) -> None:
    variables["s"] = s = schedule()
    page = docked(kernel, "program", "trace")
    assert {"kind": "following", "name": "s", "what": "schedule"} in page.told
    eventually(lambda: page.parts("program"))
    assert not page.parts("moves")
    page.say(kind="look", panes=["program", "moves"])
    eventually(lambda: page.parts("moves"))
    assert len(page.parts("program")) == 1
    s["B"].split("x", 8)
    kernel.look()
    eventually(lambda: len(page.parts("program")) == 2)
    assert "xo" in str(page.parts("program")[-1]["lines"])


def test_what_the_page_asks_moves_the_schedule_of_the_notebook(
    kernel: DockedKernel, variables: dict[str, Any]
) -> None:
    variables["s"] = s = schedule()
    page = docked(kernel, "trace")
    page.say(kind="ask", intent={"intent": "apply", "line": 's["B"].parallel("y")'})
    eventually(lambda: "parallel" in s.trace.to_python())
    page.say(kind="ask", intent={"intent": "undo"})
    eventually(lambda: "parallel" not in s.trace.to_python())
    variables["other"] = schedule("D")
    kernel.look()
    kernel.look()
    assert [m["name"] for m in page.told if m["kind"] == "following"] == ["s", "other"]


def test_a_lab_that_is_left_in_the_middle_of_drawing_says_nothing_more(
    kernel: DockedKernel, variables: dict[str, Any]
) -> None:
    """A tuner draws four times a second, and may be at it when the next cell touches another."""
    variables["s"] = schedule("first")
    page = docked(kernel, "program", "tuner")
    eventually(lambda: page.parts("tuner"))
    [(_, lab)] = kernel.labs()
    [screen] = lab._screens
    variables["other"] = schedule("second")
    kernel.look()
    eventually(lambda: page.parts("program")[-1]["title"] == "second")
    before = len(page.told)
    screen.show(lab.view.snapshot())
    screen.tell([{"kind": "points"}])
    screen.problem = "of a lab that nobody sees"
    assert not [m for m in page.told[before:] if m["kind"] != "part"]
    assert page.parts("program")[-1]["title"] == "second"


def test_a_lab_that_is_clicked_comes_to_the_front(
    kernel: DockedKernel, variables: dict[str, Any]
) -> None:
    variables["lab"] = lab = t.Lab(schedule("L"), restore=False)
    page = docked(kernel, "program")
    variables["s"] = schedule()
    kernel.look()
    lab.do(intent="select", block="L", loop="y")
    following = [m for m in page.told if m["kind"] == "following"]
    assert [m["name"] for m in following] == ["lab", "s", "lab"]
    assert [m["what"] for m in following] == ["lab", "schedule", "lab"]
    page.close({})
    variables["s"] = schedule("later")
    kernel.look()
    assert [m["name"] for m in page.told if m["kind"] == "following"] == ["lab", "s", "lab"]
    lab.close()


def test_the_settings_of_the_page_are_taken(kernel: DockedKernel) -> None:
    page = docked(kernel)
    try:
        page.say(kind="prefer", protocol="patient", compile_limit_s=7)
        assert (preferred_protocol().limit_s, compile_limit_s()) == (1.0, 7.0)
        page.say(kind="prefer", protocol="hurried", compile_limit_s=7)
        assert "use one of quick, patient, certified" in page.told[-1]["problem"]
    finally:
        page.say(kind="prefer", protocol=None, compile_limit_s=None)
    assert preferred_protocol().limit_s == 0.1


def test_a_kernel_is_told_of_settings_as_it_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TVMLAB_TIMING", "patient")
    monkeypatch.setenv("TVMLAB_COMPILE_LIMIT", "9")
    assert (preferred_protocol().limit_s, compile_limit_s()) == (1.0, 9.0)
    monkeypatch.setenv("TVMLAB_TIMING", "hurried")
    assert preferred_protocol().limit_s == 0.1


class FakeRun:
    status, reason, trials, progress, best, database = "running", "", [1, 2], {}, None, None
    setup = type("Setup", (), {"trials": 9})


def test_runs_are_told_until_they_are_over(
    kernel: DockedKernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, live = FakeRun(), [True]
    monkeypatch.setattr(dock_module, "RUNS_REFRESH_S", 0.01)
    monkeypatch.setattr(dock_module, "live_runs", lambda: [run] if live[0] else [])
    page = docked(kernel)
    eventually(lambda: page.told[-1].get("runs"))
    assert page.told[-1]["runs"] == [run_words(run)]
    assert (page.told[-1]["runs"][0]["done"], page.told[-1]["runs"][0]["trials"]) == (2, 9)
    run.status, live[0] = "done", False
    eventually(lambda: page.told[-1]["runs"][0]["status"] == "done")


def test_a_schedule_points_at_states_of_its_own_expression_only() -> None:
    s = schedule()
    start = s.state
    s["B"].split("x", 8)
    s.point_at(start)
    assert len(s.trace) == 0
    with pytest.raises(t.UsageError, match="another expression"):
        s.point_at(schedule("Z").state)


def test_a_run_that_is_on_is_opened_in_a_lab(
    kernel: DockedKernel, variables: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = t.tune(schedule().outputs, trials=1, explorer="random")
    try:
        page = docked(kernel, "tuner")
        eventually(lambda: any(m.get("runs") for m in page.told))
        variables["mine"] = run
        page.say(kind="open_run", run=id(run))
        page.say(kind="open_run", run=id(run))
        page.say(kind="open_run", run="none of ours")
        following = [m for m in page.told if m["kind"] == "following"]
        assert [(m["name"], m["what"]) for m in following] == [("mine", "run")]
        eventually(lambda: page.parts("tuner"))
        assert page.parts("tuner")[-1]["trials"] == 1
    finally:
        run.stop()
        run.wait(PATIENCE_S)


def test_a_page_of_another_version_is_told() -> None:
    with pytest.raises(UsageError, match=r"has tvmlab .+ and JupyterLab 0\.0\.0; install the same"):
        dock_module.offer("0.0.0")
    assert dock_module.offer(t.__version__) is False  # no kernel here
