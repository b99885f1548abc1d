"""Every bundled pane loads in a real browser as anywidget loads it, and fetches nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, Request

STATIC = Path(__file__).resolve().parents[2] / "tvmlab" / "static"
LOAD = """async source => {
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const module = await import(url);
  return typeof (module.default.render ?? module.render);
}"""


@pytest.mark.parametrize("pane", sorted(path.stem for path in STATIC.glob("*.js")))
def test_a_pane_is_a_module_that_needs_nothing_else(page: Page, pane: str) -> None:
    fetched: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith("blob:"):
            fetched.append(request.url)

    page.on("request", note)
    assert page.evaluate(LOAD, (STATIC / f"{pane}.js").read_text()) == "function"
    assert fetched == []
