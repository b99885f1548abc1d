"""No serious finding of axe-core in any pane, dark or light: names, roles, contrast, order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from tests.browser.lab_page import LabPage
from tests.browser.lab_pane import HEADLINE, LabPane, forget_saved_steps
from tvmlab.ui.layout import TABS

AXE = Path(__file__).resolve().parents[2] / "extension/node_modules/axe-core/axe.min.js"
AUDIT = """async root => {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'];
  const { violations } = await axe.run(root, { runOnly: { type: 'tag', values: tags } });
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) =>
      ({ id, html: html.slice(0, 200), summary: failureSummary })));
}"""


def prepare_audit(lab: LabPage) -> None:
    """Make the page fit for `AUDIT`."""
    # JupyterLab's body hides what overflows it and has no height: axe would see no text in it.
    lab.page.add_style_tag(
        content="body { height: 100vh !important; overflow: visible !important; }"
    )
    lab.page.add_script_tag(path=AXE)


def test_axe_has_nothing_serious_to_say(lab: LabPage) -> None:
    forget_saved_steps(lab)
    lab.open(lab.write_notebook("access.ipynb", HEADLINE))
    lab.run_all()
    pane = LabPane(lab)
    pane.type_line('yo, xo, yi, xi = s["C"].tile("y", "x", 32, 32)')
    pane.select("yo")
    expect(pane.pane("moves").locator(".tv-moves-table")).to_contain_text("split")
    lab.page.set_viewport_size({"width": 1280, "height": 1000})
    pane.show()
    prepare_audit(lab)
    found: dict[str, Any] = {}
    for theme in ("Dark", "Light"):
        lab.change_theme(theme)
        for tab in TABS:
            pane.tab(tab)
            lab.page.mouse.move(0, 0)
            for finding in pane.root.evaluate(AUDIT):
                found.setdefault(f"{theme} {tab} {finding['id']}", finding)
    assert not found, json.dumps(found, indent=1)
    # The audit does see: a button without a name, in grey on grey.
    planted = "<button></button><p style='color: #aaa; background: #bbb'>faint</p>"
    pane.pane("moves").evaluate(
        "(node, html) => node.insertAdjacentHTML('afterbegin', html)", planted
    )
    seen = {finding["id"] for finding in pane.root.evaluate(AUDIT)}
    assert seen == {"button-name", "color-contrast"}
