"""The program pane by itself: ten thousand lines, and programs that come as what changed."""

from __future__ import annotations

import json
import random
from pathlib import Path
from statistics import median

from playwright.sync_api import Page

from tests.view.program_walks import chain, intents
from tvmlab.ui import bundle
from tvmlab.view.told import Told

# Renders the pane's module with a model that has no kernel behind it. `told` hands it what a kernel
# would, and tells the milliseconds to the frame in which that is drawn.
RENDER = """
  const sheet = document.createElement('style');
  sheet.textContent = style;
  document.head.append(sheet);
  document.body.innerHTML = '<div id="root" style="height: 600px"></div>';
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const { default: pane } = await import(url);
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const listeners = {};
  const model = {
    news: null, asked: [], get: (name) => model[name], off: () => {},
    set: (name, value) => { model[name] = value; },
    on: (name, call) => { listeners[name] = call; }, send: (intent) => model.asked.push(intent),
  };
  pane.render({ model, el: document.getElementById('root') });
  const told = async (news) => {
    model.news = news;
    await frame();
    const began = performance.now();
    listeners['change:news']();
    await frame();
    return performance.now() - began;
  };
"""

OPEN = (
    f"""async ([source, style]) => {{{RENDER}"""
    + """
  const lines = Array.from({ length: 10000 }, (_, n) => {
    const text = `${'    '.repeat(1 + n % 6)}for i${n} in range(${2 + n % 7}):`;
    const at = text.search(/\\S/);
    return { id: n, above: 0, step: 0, text, loop: { block: 'C', loop: `i${n}` },
             tokens: [[at, at + 3, 'keyword'], [at + 4, text.indexOf(' in '), 'loop']] };
  });
  const state = { title: 'C', subtitle: '', lines, gone: [], selection: null, notice: '',
                  missing: 0, new: [], can_start_over: false, compared: 'previous',
                  can_compare: false,
                  overlay: 'none', marks: [] };
  let seq = 0;
  const opened = [];
  for (let round = 0; round < 10; round++) {
    const anew = lines.map((line) => ({ ...line, id: line.id + 1e5 * round }));
    const whole = { seq: ++seq, base: null, fields: { ...state, lines: anew }, splices: {} };
    opened.push(await told(JSON.stringify(whole)));
  }
  const changed = [];
  for (let round = 0; round < 10; round++) {
    const at = 1000 * round;
    const text = `        for new${round} in range(2):`;
    const entry = { ...lines[at], id: -1 - round, text, loop: { block: 'C', loop: `new${round}` } };
    const gone = [{ before: at, text: lines[at].text, tokens: [] }];
    const splices = { lines: [[at, 1, [entry]]] };
    const fields = { new: [at], gone };
    changed.push(await told(JSON.stringify({ seq: seq + 1, base: seq, fields, splices })));
    seq += 1;
  }
  const summary = document.querySelector('.tv-summary').textContent;
  const canvas = document.querySelector('.tv-canvas');
  const scrolled = [];
  for (let n = 1; n <= 60; n++) {
    const began = performance.now();
    canvas.scrollTop = n * canvas.scrollHeight / 60;
    await frame();
    await frame();
    scrolled.push((performance.now() - began) / 2);
  }
  const rows = [...document.querySelectorAll('.tv-row')];
  rows.at(-2).click();
  const last = rows.at(-1).textContent;
  return { opened, changed, scrolled, summary, rows: rows.length, last, asked: model.asked };
}"""
)


def test_ten_thousand_lines_are_opened_scrolled_and_selected(page: Page) -> None:
    sources = [bundle.module("program"), bundle.style("program")]
    found = page.evaluate(OPEN, sources)
    assert found["rows"] < 100
    assert found["last"].startswith("10000")
    assert found["summary"] == "+1 −1"
    assert found["asked"] == [{"intent": "select", "block": "C", "loop": "i9998"}]
    print(f"opened in {median(found['opened']):.0f} ms, at most {max(found['opened']):.0f} ms")
    print(f"changed in {median(found['changed']):.0f} ms, {max(found['changed']):.0f} at most")
    print(f"a frame of scrolling {median(found['scrolled']):.0f} ms, {max(found['scrolled']):.0f}")


# Hands the pane what was told at each step, and all of it where it asks; the texts it then shows.
FOLLOW = (
    f"""async ([source, style, steps]) => {{{RENDER}"""
    + """
  const shown = [];
  for (const [news, whole] of steps) {
    if (news) await told(news);
    const isLost = model.asked.splice(0).some(({ intent }) => intent === 'whole');
    if (isLost) await told(whole);
    const rows = [...document.querySelectorAll('.tv-row:not(.tv-gone)')];
    const isCode = (node) => !node.matches?.('.tv-loop-figure, .tv-gutter, .tv-number');
    const code = (row) => [...row.childNodes].filter(isCode).map((node) => node.textContent);
    shown.push([isLost, rows.map((row) => code(row).join(''))]);
  }
  return shown;
}"""
)


def test_a_pane_shows_the_program_whatever_was_done_and_was_lost(
    page: Page, tmp_path: Path
) -> None:
    rng = random.Random(5)
    view, told = chain(4, tmp_path), Told()
    steps, programs = [], []
    for number in range(60):
        view.carry_out(intents(view, rng))
        is_lost = number > 0 and rng.random() < 0.2
        news = told.next(view.snapshot()["program"])
        is_lost = is_lost or news is None
        steps.append([None if is_lost else json.dumps(news), json.dumps(told.whole())])
        programs.append(None if is_lost else str(view.state.program).splitlines())
    sources = [bundle.module("program"), bundle.style("program")]
    shown = page.evaluate(FOLLOW, [*sources, steps])
    assert any(is_lost for is_lost, _ in shown)
    for (_, rows), program in zip(shown, programs, strict=True):
        assert program is None or rows == program
