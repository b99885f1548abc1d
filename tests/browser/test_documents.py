"""Files of tuning records and traces opened in JupyterLab, without a kernel."""

from __future__ import annotations

import hashlib
import json

import pytest
from playwright.sync_api import Locator, expect

import tvmlab as t
from tests.browser.lab_page import KERNEL_TIMEOUT_S, SLOW_MS, LabPage
from tests.browser.test_accessibility import AUDIT, prepare_audit
from tests.server.recorded import autotvm_line, begin, product, records
from tvmlab.schedule import State, Trace

THEME = "theme => jupyterapp.commands.execute('apputils:change-theme', {theme})"
OPEN = "args => { jupyterapp.commands.execute('docmanager:open', args); }"
IN_FRONT = "path => window.jupyterapp.shell.currentWidget?.context?.path === path"
OPENED_BY = "path => jupyterapp.docRegistry.defaultWidgetFactory(path).name"
CAN_BE_OPENED_BY = """path =>
  jupyterapp.docRegistry.preferredWidgetFactories(path).map(factory => factory.name)"""
SAVE = "() => { jupyterapp.commands.execute('docmanager:save').catch(() => null); }"


@pytest.fixture
def desk(lab: LabPage) -> LabPage:
    """JupyterLab with room for documents."""
    lab.page.goto(f"{lab.server.url}/lab?reset&token={lab.server.token}")
    shown = "() => window.jupyterapp?.shell.currentWidget"
    lab.page.wait_for_function(shown, timeout=KERNEL_TIMEOUT_S * 1000)
    lab.page.evaluate("jupyterapp.commands.execute('application:toggle-left-area')")
    return lab


def opened(lab: LabPage, path: str, factory: str | None = None) -> Locator:
    """The document in front, opened as a double click in the list of files does."""
    lab.page.evaluate(OPEN, {"path": path} | ({"factory": factory} if factory else {}))
    lab.page.wait_for_function(IN_FRONT, arg=path, timeout=SLOW_MS)
    return lab.page.locator(".jp-Document:visible .tv-document-host")


def in_dark(lab: LabPage, name: str) -> None:
    """The same in the other theme, looked at and put right again."""
    lab.page.evaluate(THEME, "JupyterLab Dark")
    expect(lab.page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
    lab.page.wait_for_timeout(400)  # a drawing follows within a quarter of a second
    lab.screenshot(f"{name}-dark")
    assert lab.page.locator(".jp-Document:visible .tv-document").evaluate(AUDIT) == []
    lab.page.evaluate(THEME, "JupyterLab Light")


def test_a_database_is_a_dashboard_that_follows_its_run(desk: LabPage) -> None:
    for name in ("a.tvmlog.jsonl", "x/database_tuning_record.json", "database_workload.json"):
        assert desk.page.evaluate(OPENED_BY, name) == "Tuning dashboard"
    for name in ("tune.log", "tune.json", "tuning.db"):
        assert desk.page.evaluate(OPENED_BY, name) != "Tuning dashboard"
        assert "Tuning dashboard" in desk.page.evaluate(CAN_BE_OPENED_BY, name)
    path = desk.server.root / "run.tvmlab.db"
    prepare_audit(desk)
    with begin(path, 40, 30) as database:
        document = opened(desk, path.name)
        status = document.locator(".tv-tuner").get_by_role("status").first
        expect(status).to_contain_text("30 of 64")
        database.append(2, records(4, 30))
        expect(status).to_contain_text("34 of 64")
    for label in ("Tune", "Stop", "Continue"):
        expect(document.get_by_role("button", name=label, exact=True)).to_be_hidden()
    document.locator(".tv-leader").first.click()
    trial = document.locator(".tv-trial")
    expect(trial.locator(".tv-trial-lines")).to_contain_text("split(")
    trial.get_by_role("tab", name="Code").click()
    expect(trial.locator(".tv-trial-lines")).to_contain_text("ret")
    desk.screenshot("records-trial")
    trial.get_by_role("button", name="Back to the fastest trials").click()
    document.get_by_role("tab", name="Runs").click()
    document.get_by_label("Show run 1").check()
    expect(document.locator(".tv-letter", has_text="B")).to_be_visible()
    in_dark(desk, "records-runs")
    document.get_by_label("Run in front").select_option("1")
    document.get_by_role("tab", name="Frontier").click()
    expect(status).to_contain_text("40 of 64")
    desk.screenshot("records-frontier")
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    desk.page.evaluate(SAVE)
    dialog = desk.page.get_by_role("dialog")
    expect(dialog).to_contain_text("read-only")
    dialog.get_by_role("button").last.click()
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before
    assert list(desk.server.root.rglob("*checkpoint*.db")) == []

    (desk.server.root / "tune.log").write_text(
        "".join(map(autotvm_line, range(30))) + autotvm_line(9)[:50]
    )
    document = opened(desk, "tune.log", "Tuning dashboard")
    expect(document.locator(".tv-document-notes")).to_contain_text("Line 31")
    expect(document.locator(".tv-leader")).to_have_count(8)
    desk.screenshot("records-log")
    (desk.server.root / "database_workload.json").write_text('["1234", "a program"]\n')
    words = opened(desk, "database_workload.json").locator(".tv-document-error")
    expect(words).to_contain_text("open database_tuning_record.json")
    (desk.server.root / "broken.tvmlab.db").write_bytes(b"no database")
    broken = opened(desk, "broken.tvmlab.db")
    expect(broken.locator(".tv-document-error")).to_contain_text("no tuning run")
    desk.screenshot("records-broken")


def test_a_dashboard_says_what_the_model_goes_by(desk: LabPage) -> None:
    outputs = t.ops.matmul(64, 64, 64).tensors
    desk.server.root.joinpath("made.tvmlab.db").unlink(missing_ok=True)
    t.tune(outputs, trials=24, db=desk.server.root / "made.tvmlab.db").wait()
    prepare_audit(desk)
    document = opened(desk, "made.tvmlab.db")
    document.get_by_role("tab", name="Model").click()
    features = document.get_by_label("Features of the cost model")
    expect(features).to_contain_text("fitted to 24 trials of run 1")
    expect(features.get_by_role("table", name="Importances")).to_contain_text("%")
    desk.screenshot("records-model")
    in_dark(desk, "records-model")

    (desk.server.root / "tune.log").write_text("".join(map(autotvm_line, range(30))))
    document = opened(desk, "tune.log", "Tuning dashboard")
    document.get_by_role("tab", name="Model").click()
    features = document.get_by_label("Features of the cost model")
    expect(features).to_contain_text("no schedules that a model could learn from")
    desk.screenshot("records-model-empty")


def test_a_trace_is_a_program_with_a_scrubber(desk: LabPage) -> None:
    steps = [
        {"step": "split", "block": "C", "loop": "y", "factors": [None, 8]},
        {"step": "split", "block": "C", "loop": "x", "factors": [None, 16]},
        {"step": "reorder", "block": "C", "order": ["yo", "xo", "k", "yi", "xi"]},
        {"step": "vectorize", "block": "C", "loop": "xi"},
        {"step": "vectorize", "block": "C", "loop": "nothing"},
    ]
    document = json.loads(Trace(State.start(product())).to_json()) | {"steps": steps}
    path = desk.server.root / "c.trace.json"
    path.write_text(json.dumps(document))
    prepare_audit(desk)
    view = opened(desk, path.name)
    program = view.locator(".tv-program")
    expect(program).to_contain_text("for xi in vectorized(16)")
    expect(view.locator(".tv-refusal").first).to_contain_text("Step 5 of the file is refused")
    scrubber = view.get_by_label("Step", exact=True)
    scrubber.press("Home")
    expect(program).to_contain_text("for y in range(64)")
    scrubber.press("ArrowRight")
    expect(program.locator(".tv-summary")).to_have_text("+3 −2")
    view.get_by_label("Figures beside the loops").select_option("bytes")
    expect(program.locator(".tv-loop-figure").first).to_be_visible()
    desk.screenshot("trace-step")
    view.get_by_role("button", name="Play").click()
    expect(view.locator('[aria-current="step"]')).to_contain_text("vectorize")
    in_dark(desk, "trace")
    path.write_text(json.dumps(document | {"steps": steps[:1]}))
    expect(view.locator(".tv-trace-steps li")).to_have_count(2)
