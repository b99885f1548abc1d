"""The tuner's pane in JupyterLab: runs side by side, a trial looked at, ten thousand points."""

from __future__ import annotations

import math
import re
import time

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.lab_page import LabPage
from tests.browser.lab_pane import HEADLINE, LabPane, open_lab
from tests.browser.test_accessibility import AUDIT, prepare_audit
from tests.browser.test_bundles import STATIC

# A run of a made-up search, told to the lab as a real one tells: no compiler, no clock.
MADE_UP = """import math, random, types
from tvmlab.view.engine import RunFacts, RunState, Trial
drawn = random.Random(0)
TILES = (1, 2, 4, 8, 16, 32, 64, 128)
KINDS = ("timeout", "crash", "wrong_answer", "build_error")
def trial(n):
    c = {name: drawn.choice(TILES) for name in ("tile_y", "tile_x", "tile_k")} | {
         "order": drawn.choice(("y, x, k", "k, y, x", "y, k, x")), "unroll": drawn.choice((0, 1)),
         "vector_of_a_long_name": drawn.choice((4, 8, 16))}
    if n < 7: c["tile_y"] = TILES[n]
    far = abs(math.log2(c["tile_y"]) - 4) + abs(math.log2(c["tile_x"]) - 5) + len(c["order"]) % 2
    time_s = 0.012 * (1 + far / 3) * drawn.uniform(1, 1.2) + 0.01 * math.exp(-n / 40)
    text = {k: str(v) for k, v in c.items()}
    if drawn.random() < 0.06:
        return Trial(n, drawn.choice(KINDS), "", None, 0.02, False, None, n / 3, text)
    seen = round(time_s * drawn.uniform(0.8, 1.3), 3) if n >= 8 else None
    return Trial(n, "ok", "", time_s, seen, True, (time_s * 0.97, time_s * 1.03), n / 3, text)
class Run:
    facts = RunFacts("matmul(1024, 1024, 1024)", "/made/up/tuning.db", 12, "model", "xgboost-rank")
    batch = 8
    explanation = {"learnt_from": 64, "trial": 0, "importances": [
        ["tile_x", "log2 iterations", 0.52], ["tile_y", "log2 iterations", 0.31],
        ["order.k", "loops outside it", 0.12], ["unroll", "0 or 1", 0.05]], "reasons": [
        ["tile_x", "log2 iterations", 0.84, 5.0], ["tile_y", "log2 iterations", 0.41, 4.0],
        ["order.k", "loops outside it", -0.22, 1.0], ["unroll", "0 or 1", 0.03, 0.0]]}
    def __init__(self, count):
        self.done = [trial(n) for n in range(count)]
    def state(self): return RunState("done", "", len(self.done), 61.0, None, 0.83)
    def trials(self, start): return self.done[start:]
    def steps(self, number):
        from tvmlab.schedule import step_from_json
        return [step_from_json({"step": "parallel", "block": "C", "loop": "y"})]
    def loops_of(self, number, columns):
        return {c: [{"block": "C", "loop": "yxk"["xyo".find(c[-1]) % 3]}] for c in columns}
    def told(self, number):
        from tvmlab.tune.logs import Told
        why = "What these knobs do is code of a template of another tuner."
        return Told([("Task", "dense"), ("tile_y", "split into rest × 8")], ["split(l1, 8)"], why,
                    '{"input": ["llvm"]}') if number == 3 else None
    def contributions(self, of):
        from tvmlab.tune.contributions import Contribution, Contributions
        from tvmlab.tune.painting import Place
        def part(words, weight, *loops, unit="iterations"):
            place = Place(words, tuple(("C", loop) for loop in loops))
            return Contribution(words, place, 1024.0, unit, weight)
        parts = (part("length", 0.84, "x"), part("A stride", -0.61, "y", unit="elements"),
                 part("C touched", 0.42, "y", "x"), part("no loop 4: length", -0.3),
                 part("B reuse", 0.2, "k"), part("top-down", 0.0, "k"))
        return Contributions("xgboost-rank", isinstance(of, int), 160, "points of its ranking",
                             0.1, parts)
    def stop(self): pass
lab.view.attach(lambda changed: Run(COUNT))
lab.view.changed()"""

SOURCES = STATIC.parents[1] / "extension" / "src"


@pytest.fixture
def pane(lab: LabPage) -> LabPane:
    """A lab with a made-up run of 160 trials, its tuner in front."""
    pane = open_lab(lab, "tuner", HEADLINE, MADE_UP.replace("COUNT", "160"))
    lab.run_cell(1)
    pane.show()
    pane.tab("Tune")
    expect(pane.pane("tuner").locator(".tv-leader")).to_have_count(8)
    pane.show()
    return pane


def chart(pane: LabPane, title: str) -> Locator:
    """The figure with that title."""
    return pane.pane("tuner").locator("figure", has=pane.page.get_by_text(title, exact=True)).last


def test_a_trial_is_found_and_looked_at_by_mouse_and_by_keyboard(
    lab: LabPage, pane: LabPane
) -> None:
    tuner = pane.pane("tuner")
    expect(tuner.get_by_role("status").first).to_contain_text("measuring 83 % of the time")
    expect(tuner.locator(".tv-legend").first).to_contain_text("timeout")
    plot = chart(pane, "Trials and best so far").locator(".tv-chart")
    plot.focus()
    for key in ("ArrowRight", "ArrowRight", "Enter"):
        lab.page.keyboard.press(key)
    expect(tuner.locator(".tv-tip").first).to_contain_text("trial 1:")
    ring = tuner.locator(".tv-ring").first.bounding_box()
    assert ring is not None
    trial = tuner.locator(".tv-trial")
    expect(trial).to_contain_text("Trial 1")
    expect(trial.locator(".tv-trial-lines")).to_contain_text('s["C"].parallel("y")')
    trial.get_by_role("tab", name="Difference").click()
    expect(trial.locator(".tv-plus")).to_contain_text("for y in parallel(1024)")
    lab.screenshot("tuner-trial")
    trial.get_by_role("tab", name="Features").click()
    features = trial.locator(".tv-contribution-table tbody tr")
    expect(features).to_have_count(5)
    expect(trial.locator(".tv-loop-figure")).to_have_count(3)
    features.filter(has_text="B reuse").hover()
    expect(trial.locator('.tv-lit[data-loop="k"]')).to_be_visible()
    expect(pane.pane("program").locator('.tv-lit[data-loop="k"]')).to_be_visible()
    pane.loop("y").hover()
    expect(trial.locator('.tv-lit[data-loop="y"]')).to_be_visible()
    expect(trial.locator(".tv-lit-row")).to_have_count(2)
    # The ring marked what Enter chose; a click there chooses the same.
    trial.get_by_role("button", name="Back to the fastest trials").click()
    lab.page.mouse.click(ring["x"] + 6, ring["y"] + 6)
    expect(trial).to_contain_text("Trial 1")
    pane.button("tuner", "Make this my branch").click()
    expect(pane.loop("y")).to_contain_text("parallel(1024)")

    tuner.get_by_role("tab", name="Model").click()
    expect(tuner.locator(".tv-loop-link").first).to_be_visible()
    tuner.locator(".tv-loop-link", has_text="y").first.click()
    expect(pane.loop("y")).to_have_attribute("aria-selected", "true")
    chart(pane, "Foresight by batch").get_by_role("button", name="Table").click()
    expect(
        tuner.locator(".tv-trial-table:visible", has_text="Kendall").locator("tbody tr")
    ).to_have_count(20)

    tuner.get_by_role("tab", name="Space").click()
    space = tuner.locator(".tv-space")
    space.focus()
    words = tuner.locator(".tv-space-words")
    expect(words).to_contain_text("any · ")
    lab.page.keyboard.press("ArrowUp")
    expect(words).to_contain_text("tile_y: 1 ·")
    lab.page.keyboard.press("Shift+ArrowUp")
    expect(words).to_contain_text("tile_y: 1 to 2 ·")
    lab.page.keyboard.press("Escape")
    expect(words).to_contain_text("any · ")

    tuner.get_by_role("tab", name="Runs").click()
    tuner.get_by_label("Database or log to load").fill("/nowhere.db")
    lab.page.keyboard.press("Enter")
    expect(tuner.get_by_role("alert").first).to_contain_text(re.compile("nowhere"))
    assert "Traceback" not in lab.output(0).inner_text()


def test_loops_and_features_of_the_program_point_at_each_other(lab: LabPage, pane: LabPane) -> None:
    program, tuner = pane.pane("program"), pane.pane("tuner")
    program.get_by_label("Figures beside the loops").select_option("model")
    rows = program.locator(".tv-contribution-table tbody tr")
    expect(rows).to_have_count(5)
    expect(program.locator(".tv-model-words").first).to_contain_text("fitted to")
    expect(pane.loop("y").locator(".tv-loop-figure")).to_contain_text("−0.40")
    expect(pane.loop("x").locator(".tv-loop-figure")).to_contain_text("+1.05")
    rows.filter(has_text="C touched").hover()
    expect(program.locator(".tv-row.tv-lit")).to_have_count(2)
    pane.loop("k").hover()
    expect(rows).to_have_count(2)
    caption = program.locator(".tv-contribution-table caption")
    expect(caption).to_have_text("Features of loop k of C: +0.20 in all")
    canvas = program.locator(".tv-canvas")
    canvas.focus()
    lab.page.keyboard.press("Home")
    expect(caption).to_contain_text("loop y of C")
    lab.page.keyboard.press("Tab")
    lab.page.keyboard.press("Tab")
    expect(rows.first.get_by_role("button")).to_be_focused()
    lab.page.keyboard.press("Enter")
    expect(pane.loop("y")).to_have_attribute("aria-selected", "true")
    tuner.get_by_role("tab", name="Model").click()
    reason = tuner.get_by_role("row", name=re.compile("tile_y"))
    reason.first.hover()
    expect(program.locator('.tv-lit[data-loop="x"]')).to_be_visible()
    pane.type_line('s["C"].parallel("y")')
    pane.pane("trace").locator(".tv-step").nth(1).hover()
    expect(program.locator('.tv-lit[data-loop="y"]')).to_be_visible()
    pane.loop("y").hover()
    expect(pane.pane("trace").locator(".tv-step.tv-lit")).to_contain_text("parallel")

    tuner.get_by_role("tab", name="Frontier").click()
    plot = chart(pane, "Trials and best so far").locator(".tv-chart")
    plot.focus()
    for key in (*["ArrowRight"] * 4, "Enter"):
        lab.page.keyboard.press(key)
    trial = tuner.locator(".tv-trial")
    expect(trial.locator(".tv-facts")).to_contain_text("split into rest × 8")
    expect(trial.locator(".tv-why")).to_contain_text("another tuner")
    expect(pane.button("tuner", "Make this my branch")).to_have_count(0)
    trial.get_by_role("tab", name="Line").click()
    expect(trial.locator(".tv-trial-lines")).to_contain_text('{"input"')


# The pane alone, fed with a made-up run as a kernel feeds it; answers how long each sheet draws.
FEED = """async ([source, state, count]) => {
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const heard = {};
  const model = {
    get: name => ({ state, seq: 1, problem: '' })[name],
    on: (name, listen) => { heard[name] = listen; }, off: () => {}, send: () => {},
  };
  const box = document.createElement('div');
  box.style.cssText = 'width: 1100px; height: 420px';
  document.body.append(box);
  const { default: pane } = await import(url);
  pane.render({ model, el: box });
  const tell = heard['msg:custom'];
  const draw = n => {
    const rate = 40 + 90 * Math.abs(Math.sin(n * n));
    const code = String.fromCharCode(...[3, 5, 7, 11, 13, 17, 19, 23].map(k => 97 + (n % k)));
    return n % 16 ? [n, rate, rate - 2, rate + 2, rate * (1 + 0.2 * Math.sin(n)), 'ok', n / 3, code]
                  : [n, null, null, null, null, 'timeout', n / 3, code];
  };
  const primes = [3, 5, 7, 11, 13, 17, 19, 23];
  tell({ kind: 'points', run: 1, from: 0, points: Array.from({ length: count }, (_, n) => draw(n)),
    named: 0, names: primes.map(k => `knob ${k}`), labelled: 0,
    labels: primes.flatMap((k, n) => Array.from({ length: k }, (_, o) => [n, String(o)])) });
  const batches = Array.from({ length: count / 64 | 0 }, (_, n) =>
    [n, 64, 60, Math.sin(n) / 2, Math.sin(n) / 3, 16, 0.5, 0.1]);
  tell({ kind: 'model', run: 1, from: 0, batches });
  const took = {};
  const wait = ms => new Promise(resolve => setTimeout(resolve, ms));
  for (const tab of box.querySelectorAll('[data-tab]')) {
    tab.click();
    await wait(600);
    const times = [];
    for (let n = 0; n < 3; n++) {
      tell({ kind: 'points', run: 1, from: count, points: [draw(count)] });
      await wait(500);
      const drawn = [...box.querySelectorAll('.tv-chart')].filter(node => node.clientWidth > 0);
      times.push(Math.max(...drawn.map(node => Number(node.dataset.drawnMs))));
    }
    took[tab.dataset.tab] = Math.min(...times);
  }
  return took;
}"""


def test_ten_thousand_points_are_drawn_on_every_sheet(page: Page) -> None:
    run = {
        "id": 1, "letter": "A", "title": "run 1", "source": "run.db", "explorer": "model",
        "model": "xgboost-rank", "trials": 10_000, "failed": 625, "best": "130 GFLOP/s",
        "is_live": True, "is_shown": True, "is_of_this": True,
    }  # fmt: skip
    state = {
        "status": "running", "is_available": True, "reason": "", "trials": 20_000, "done": 10_000,
        "failed": 625, "failures": "625 timeout", "best": "130 GFLOP/s", "best_number": 0,
        "unit": "GFLOP/s", "scale": 2.0, "elapsed_s": 9.0, "eta_s": 9.0, "device_share": 0.8,
        "database": "", "can_continue": False, "live": 1, "runs": [run], "loading": "",
        "refusal": None, "is_read_only": False,
    }  # fmt: skip
    for kind in ("theme.css", "panes/tuner.css"):
        page.add_style_tag(path=SOURCES / kind)
    took = page.evaluate(FEED, [(STATIC / "tuner.js").read_text(), state, 10_000])
    assert set(took) == {"frontier", "model", "space", "runs"}
    assert all(0 < drawn_ms < math.inf for drawn_ms in took.values())
    print(f"10,000 points redrawn in ms, the slowest chart of each sheet: {took}")


def test_every_sheet_in_every_theme(lab: LabPage, pane: LabPane) -> None:
    tuner, program = pane.pane("tuner"), pane.pane("program")
    program.get_by_label("Figures beside the loops").select_option("model")
    expect(program.locator(".tv-contribution-table tbody tr")).to_have_count(5)
    prepare_audit(lab)
    for look in lab.looks((1280, 800), (560, 900)):
        for sheet in ("Frontier", "Model", "Space", "Runs"):
            tuner.get_by_role("tab", name=sheet).click()
            tuner.evaluate("node => node.scrollIntoView({block: 'end'})")
            time.sleep(0.5)  # a drawing follows within a quarter of a second
            lab.screenshot(f"tuner-{sheet.lower()}-{look}")
            assert tuner.evaluate("node => node.scrollWidth <= node.clientWidth + 1")
            if look.startswith("1280"):
                assert tuner.evaluate(AUDIT) == [], (look, sheet)
        pane.show()
        lab.screenshot(f"cost-model-{look}")
        if look.startswith("1280"):
            assert program.evaluate(AUDIT) == [], look
