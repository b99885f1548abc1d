"""The widget side without a browser: requests return at once, panes get what changed."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert import HTMLExporter

import tvmlab as t
from tests.patience import eventually
from tests.view.fake_engine import FakeEngine
from tvmlab.ui import lab as lab_module
from tvmlab.ui.code import Code
from tvmlab.ui.lab import SNAPSHOT_MIME, WIDGET_MIME, Lab
from tvmlab.ui.layout import TABS, Layout, P
from tvmlab.ui.measure import Measure
from tvmlab.ui.moves import Moves
from tvmlab.ui.pane import Pane
from tvmlab.ui.program import Program
from tvmlab.ui.static_html import snapshot_html
from tvmlab.ui.subshell import ROUTE, keep_subshell
from tvmlab.ui.trace import Trace
from tvmlab.ui.tuner import Tuner
from tvmlab.view.program import FIRST_LINES
from tvmlab.view.tuning_news import Sent

TILE = 'yo, xo, yi, xi = s["C"].tile("y", "x", 32, 32)'


def product(name: str = "C") -> t.Tensor:
    a = t.placeholder((64, 64), name="A")
    b = t.placeholder((64, 64), name="B")
    k = t.reduce_axis((0, 64), name="k")
    return t.compute((64, 64), lambda y, x: t.sum(a[k, y] * b[k, x], axis=k), name=name)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeEngine:
    engine = FakeEngine()
    monkeypatch.setattr(lab_module, "Machine", lambda *_: engine)
    monkeypatch.chdir(tmp_path)
    return engine


@pytest.fixture
def lab(engine: FakeEngine) -> Iterator[Lab]:
    lab = Lab(product())
    yield lab
    engine.gate.set()
    lab.close()


def made(panes: Layout, kind: type[P]) -> P:
    """The pane of a kind, which there is."""
    pane = panes.pane(kind)
    assert pane is not None
    return pane


def ask(pane: Pane, **intent: Any) -> None:
    """What the browser's message does."""
    pane._on_message(pane, intent, [])


def test_a_request_changes_the_panes_it_concerns_and_no_others(lab: Lab) -> None:
    panes = lab._laid_out()
    ask(made(panes, Program), intent="select", block="C", loop="y")
    eventually(lambda: made(panes, Moves).state["target"] == {"block": "C", "loop": "y"})
    assert made(panes, Trace).seq == 0
    ask(made(panes, Moves), intent="apply", step="parallel", values={})
    eventually(lambda: made(panes, Trace).seq == 1)
    assert made(panes, Trace).state["lines"][0]["text"] == 's["C"].parallel("y")'
    assert made(panes, Program).state["new"] == [1]
    assert made(panes, Measure).seq == 0


def test_callbacks_return_while_compilers_and_clocks_work(lab: Lab, engine: FakeEngine) -> None:
    panes = lab._laid_out()
    engine.gate.clear()
    ask(made(panes, Measure), intent="measure")
    ask(made(panes, Code), intent="code", kind="asm")
    ask(made(panes, Trace), intent="apply", line=TILE)
    assert made(panes, Measure).state["last"] is None, "the gate is still shut"
    eventually(lambda: made(panes, Trace).seq == 1)
    eventually(lambda: made(panes, Measure).state["status"] == "working")
    engine.gate.set()
    eventually(lambda: made(panes, Measure).state["last"])
    eventually(lambda: made(panes, Code).state["text"].startswith("; asm after 1"))


def test_the_first_screen_has_the_machine_made_ready_once(lab: Lab, engine: FakeEngine) -> None:
    panes = lab._laid_out()
    assert engine.made_ready == 0, "nobody looks at it yet"
    ask(made(panes, Code), intent="code", kind="asm")
    ask(made(panes, Trace), intent="apply", line=TILE)
    eventually(lambda: made(panes, Trace).seq == 1)
    eventually(lambda: engine.made_ready == 1)


def test_code_in_front_follows_the_program(lab: Lab) -> None:
    panes = lab._laid_out()
    ask(made(panes, Code), intent="code", kind="llvm")
    eventually(lambda: made(panes, Code).state["status"] == "ready")
    ask(made(panes, Trace), intent="apply", line=TILE)
    eventually(lambda: made(panes, Code).state["text"].startswith("; llvm after 1"))
    panes.open(Measure)
    ask(made(panes, Trace), intent="apply", line='s["C"].parallel("yo")')
    eventually(lambda: made(panes, Code).state["is_stale"])
    time.sleep(0.05)
    assert made(panes, Code).state["text"].startswith("; llvm after 1")


def test_code_of_a_state_gone_back_to_is_there_with_it(lab: Lab, engine: FakeEngine) -> None:
    panes = lab._laid_out()
    ask(made(panes, Code), intent="code", kind="llvm")
    eventually(lambda: made(panes, Code).state["status"] == "ready")
    ask(made(panes, Trace), intent="apply", line=TILE)
    eventually(lambda: made(panes, Code).state["text"].startswith("; llvm after 1"))
    engine.gate.clear()  # whoever asks the engine now gets no answer
    ask(made(panes, Trace), intent="undo")
    eventually(lambda: made(panes, Code).state["text"].startswith("; llvm after 0"))
    assert not made(panes, Code).state["is_stale"]


def test_code_of_a_long_program_is_made_when_asked_for(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tvmlab.view.parts.code.MOST_FOLLOWED", 5)
    panes = lab._laid_out()
    ask(made(panes, Code), intent="code", kind="llvm")
    eventually(lambda: made(panes, Code).state["status"] == "ready")
    ask(made(panes, Trace), intent="apply", line=TILE)
    eventually(lambda: made(panes, Code).state["is_stale"])
    lab._quick.submit(lambda: None).result()
    assert made(panes, Code).state["status"] == "ready"
    ask(made(panes, Code), intent="code", kind="llvm")
    eventually(lambda: made(panes, Code).state["text"].startswith("; llvm after 1"))


def test_a_defect_is_shown_in_the_pane_and_cleared_by_success(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    panes = lab._laid_out()
    with monkeypatch.context() as broken:
        broken.setattr(lab.view, "carry_out", lambda intent: 1 / 0)
        ask(made(panes, Trace), intent="undo")
        eventually(lambda: "ZeroDivisionError" in made(panes, Trace).problem)
    ask(made(panes, Trace), intent="undo")
    eventually(lambda: made(panes, Trace).problem == "")
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_the_tuner_is_made_when_opened_and_fed_with_deltas(
    lab: Lab, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    panes = lab._laid_out()
    assert panes.pane(Tuner) is None
    tuner = panes.open(Tuner)
    assert panes.tabs.children[list(TABS).index("Tune")] is tuner
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(tuner, "send", sent.append)
    ask(tuner, intent="tune_start", trials=3)
    eventually(lambda: engine.run)
    assert engine.run is not None
    for time_s in (0.02, None, 0.01):
        engine.run.add(time_s, status="ok" if time_s else "crash")
    eventually(lambda: sum(len(m["points"]) for m in sent) == 3)
    assert [m["from"] for m in sent] == sorted({m["from"] for m in sent})
    assert len(json.dumps(sent)) < 100 * 3 + 150 * len(sent)
    ask(tuner, intent="tune_points")
    eventually(lambda: sent[-1]["from"] == 0 and len(sent[-1]["points"]) == 3)
    ask(tuner, intent="tune_start", trials=2)
    eventually(lambda: tuner.state["refusal"])
    engine.run.stop()
    ask(tuner, intent="tune_start", trials=2)
    eventually(lambda: tuner.state["live"] == 2)
    engine.run.add(0.05)
    eventually(lambda: sent[-1]["run"] == 2)
    assert sent[-1]["from"] == 0


def test_many_trials_at_once_are_few_messages(lab: Lab, engine: FakeEngine) -> None:
    panes = lab._laid_out()
    tuner = panes.open(Tuner)
    ask(tuner, intent="tune_start", trials=500)
    eventually(lambda: engine.run)
    before = tuner.seq
    for _ in range(500):
        engine.run.add(0.01)  # type: ignore[union-attr]
    eventually(lambda: tuner.sent.runs and tuner.sent.runs[1].points == 500)
    assert tuner.seq - before <= 4


def test_display_is_a_live_output_and_a_picture_beside_it(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[tuple[dict[str, Any], str | None]] = []
    renewed: list[dict[str, Any]] = []
    monkeypatch.setattr(
        lab_module,
        "display",
        lambda bundle, raw, display_id=None: shown.append((bundle, display_id)),
    )
    monkeypatch.setattr(
        lab_module, "update_display", lambda bundle, raw, display_id: renewed.append(bundle)
    )
    monkeypatch.setattr(lab_module, "PICTURE_DELAY_S", 0.05)
    lab._ipython_display_()
    (live, no_id), (picture, marker) = shown
    assert no_id is None
    assert WIDGET_MIME in live
    assert not live["text/plain"]
    assert WIDGET_MIME not in picture
    assert marker in picture["text/html"]
    assert picture[SNAPSHOT_MIME]["trace"]["steps"] == []
    lab.do(intent="apply", line=TILE)
    eventually(lambda: renewed)
    assert "for yo in" in renewed[-1]["text/plain"]
    assert renewed[-1][SNAPSHOT_MIME]["trace"]["steps"][0]["step"] == "tile"
    count = len(renewed)
    lab.do(intent="select", block="C", loop="yo")
    time.sleep(0.2)
    assert len(renewed) == count  # a selection is nothing to keep


def test_the_picture_is_whole_and_escapes_what_it_shows(lab: Lab) -> None:
    lab.do(intent="apply", line=TILE)
    lab.do(intent="measure")
    html = lab._repr_mimebundle_()["text/html"]
    assert "yo, xo, yi, xi = s[&quot;C&quot;].tile" in html
    assert "11 ms (10 ms to 12 ms), spread 14.5 %" in html
    assert html.count("<details>") == 1
    assert "− " in html  # what the step removed
    assert "<script" not in html
    assert "http" not in html


def test_an_exported_notebook_is_small_explorable_and_fetches_nothing(lab: Lab) -> None:
    lab.do(intent="apply", line=TILE)
    shown = nbformat.v4.new_output("display_data", data=lab._static_bundle())
    cell = nbformat.v4.new_code_cell("t.Lab(C)", outputs=[shown])
    # What the template itself would fetch: the README says how to leave it out.
    nothing = dict.fromkeys(
        ("mathjax_url", "require_js_url", "mermaid_js_url", "mermaid_layout_elk_js_url"), ""
    )
    page, _ = HTMLExporter(**nothing).from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    assert len(page.encode()) < 1_000_000
    assert "<summary" in page
    assert "for yo in" in re.sub(r"<[^>]+>", "", page).replace("&quot;", '"')
    assert not re.search(r"""(?:src|href|action)\s*=\s*["']?https?:""", page)
    assert not re.search(r"""(?:url\(|import\s|from\s|fetch\()\s*["']?https?:""", page)


def test_the_picture_of_a_long_schedule_stays_small(lab: Lab) -> None:
    for n in range(60):
        lab.do(intent="apply", line=f's["C"].annotate("k", "note", "{"x" * 200}{n}")')
    snapshot, past = lab.view.snapshot(), lab.view.past()
    assert len(past) == 60
    html = snapshot_html(snapshot, past * 8, "m")
    assert 1 < html.count("<details>") < 480
    assert len(html) < 1_000_000
    assert html.index("<details>") > html.index("<pre", html.index("Schedule</div>"))


def test_a_long_program_is_shown_from_its_beginning_and_left_short(engine: FakeEngine) -> None:
    source = t.placeholder((4,), name="A")
    tensors = [t.compute((4,), lambda i: source[i] + 1.0, name=f"B{n}") for n in range(150)]
    lab = Lab(tensors, restore=False)
    lab.do(intent="apply", line='s["B9"].split("i", 2)')
    program = lab.view.snapshot()["program"]
    assert len(program["lines"]) == FIRST_LINES
    assert program["missing"] == 52
    bundle = lab._static_bundle()
    assert "… and 52 more lines" in bundle["text/html"]
    assert "… and 52 more lines" in bundle["text/plain"]
    assert bundle["text/html"].count("<details>") == 0
    lab.do(intent="all_lines")
    program = lab.view.snapshot()["program"]
    assert (len(program["lines"]), program["missing"]) == (FIRST_LINES + 52, 0)
    assert lab._static_bundle()["text/html"] == bundle["text/html"]
    lab.close()


def test_headless_use_needs_no_widget(engine: FakeEngine) -> None:
    lab = Lab(product(), restore=False)
    text = str(lab)
    assert "for y in range(64):" in text
    assert "s = t.create_schedule(C)" in text
    assert lab._layout is None
    assert repr(lab) == "Lab of C after 0 step(s)"
    assert lab.schedule.trace.to_python() == ""
    lab.close()


def test_a_schedule_is_taken_as_it_stands_and_restored_as_itself(engine: FakeEngine) -> None:
    s = t.create_schedule(product())
    s["C"].parallel("y")
    first = Lab(s)
    first.do(intent="apply", line='s["C"].split("x", 8)')
    first.close()
    again = Lab(s)
    assert len(again.view.state.steps) == 2
    again.close()
    plain = Lab(product())
    assert plain.view.state.depth == 0
    plain.close()


def test_a_closed_lab_takes_no_requests_and_can_still_be_read(lab: Lab) -> None:
    panes = lab._laid_out()
    lab.close()
    ask(made(panes, Trace), intent="apply", line=TILE)
    assert lab.view.state.depth == 0
    lab.do(intent="apply", line=TILE)
    assert "for yo in" in str(lab)


def test_many_threads_may_ask(lab: Lab) -> None:
    panes = lab._laid_out()

    def work() -> None:
        for _ in range(20):
            ask(made(panes, Trace), intent="apply", line='s["C"].parallel("y")')
            ask(made(panes, Trace), intent="undo")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ask(made(panes, Trace), intent="go_to", position=0)
    eventually(lambda: made(panes, Trace).state["position"] == lab.view.state.depth == 0)


def test_the_shim_touches_only_comms_that_reroute() -> None:
    class Comm:
        pass

    class Widget:
        comm = Comm()

    assert not keep_subshell(Widget())
    assert not keep_subshell(object())
    setattr(Comm, ROUTE, lambda self, data, default: "elsewhere")
    assert keep_subshell(Widget())
    assert getattr(Widget.comm, ROUTE)({"data": 1}, "as sent") == "as sent"


def test_a_run_begun_elsewhere_is_shown(engine: FakeEngine) -> None:
    run = t.tune(product(), trials=2, explorer="random", timeout_s=60.0)
    try:
        lab = Lab(product(), run=run)
        eventually(lambda: lab.view.snapshot()["tuner"]["status"] == "done")
        assert lab.view.snapshot()["tuner"]["done"] == 2
        (told,) = (m for m in lab.view.tuning_news(Sent()) if m["kind"] == "points")
        assert (told["run"], len(told["points"])) == (1, 2)
        lab.do(intent="open_candidate", number=0)
        assert lab.schedule.trace.steps
        lab.close()
        with pytest.raises(t.UsageError, match="tunes another expression"):
            Lab(product("D"), run=run)
    finally:
        run.close()


def test_a_cell_that_is_run_again_shows_the_run_that_is_on(engine: FakeEngine) -> None:
    run = t.tune(product(), trials=100_000, explorer="random", timeout_s=60.0)
    try:
        assert Lab(product()).view.run is not None
        assert Lab(product("D")).view.run is None
        assert Lab(product(), target="opencl").view.run is None
        assert Lab(product(), restore=False).view.run is None
    finally:
        run.close()
    assert Lab(product()).view.run is None
