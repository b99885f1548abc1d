"""A program of ten thousand lines in the program pane: what is drawn, and how long it takes."""

from __future__ import annotations

from statistics import median

from playwright.sync_api import Page

from tvmlab.ui import bundle

# Renders the pane's module with a model that has no kernel behind it, and times what a user sees:
# from the state's arrival to the frame in which it is drawn, then the frames of scrolling.
OPEN = """async ([source, style]) => {
  const sheet = document.createElement('style');
  sheet.textContent = style;
  document.head.append(sheet);
  document.body.innerHTML = '<div id="root" style="height: 600px"></div>';
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const { default: pane } = await import(url);
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const listeners = {};
  const model = {
    state: {}, asked: [], get: (name) => model[name] ?? '', off: () => {},
    on: (name, call) => { listeners[name] = call; }, send: (intent) => model.asked.push(intent),
  };
  pane.render({ model, el: document.getElementById('root') });
  const lines = Array.from({ length: 10000 }, (_, n) => {
    const text = `${'    '.repeat(1 + n % 6)}for i${n} in range(${2 + n % 7}):`;
    const at = text.search(/\\S/);
    return { id: n, origin: n + 1, text, mark: '', loop: { block: 'C', loop: `i${n}` },
             tokens: [[at, at + 3, 'keyword'], [at + 4, text.indexOf(' in '), 'loop']] };
  });
  const state = { title: 'C', subtitle: '', lines, gone: [], selection: null, notice: '',
                  missing: 0, can_start_over: false, compared: 'previous', can_compare: false,
                  overlay: 'none', marks: [] };
  const opened = [];
  for (let round = 0; round < 10; round++) {
    const anew = lines.map((line) => ({ ...line, id: line.id + 1e5 * round }));
    model.state = { ...state, lines: anew };
    await frame();
    const began = performance.now();
    listeners['change:seq']();
    await frame();
    opened.push(performance.now() - began);
  }
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
  return { opened, scrolled, rows: rows.length, last: rows.at(-1).textContent, asked: model.asked };
}"""


def test_ten_thousand_lines_are_opened_scrolled_and_selected(page: Page) -> None:
    sources = [bundle.module("program"), bundle.style("program")]
    found = page.evaluate(OPEN, sources)
    assert found["rows"] < 100
    assert found["last"].startswith("10000")
    assert found["asked"] == [{"intent": "select", "block": "C", "loop": "i9998"}]
    print(f"opened in {median(found['opened']):.0f} ms, at most {max(found['opened']):.0f} ms")
    print(f"a frame of scrolling {median(found['scrolled']):.0f} ms, {max(found['scrolled']):.0f}")
