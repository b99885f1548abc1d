"""The Learn pane in JupyterLab: an exercise mended and passed, a guess revealed, in every theme."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.lab_page import LabPage
from tests.browser.lab_pane import SLOW_MS, LabPane, open_lab

SOURCE = 'import tvmlab as t\nlab = t.Lab.exercise("mend")\nlab'


@pytest.fixture
def pane(lab: LabPage) -> LabPane:
    """The lab of the first exercise, with its tab Learn in front."""
    pane = open_lab(lab, "learn", SOURCE)
    pane.tab("Learn")
    return pane


def test_an_exercise_is_passed_and_a_guess_revealed(lab: LabPage, pane: LabPane) -> None:
    learn = pane.pane("learn")
    lab.screenshot("learn-empty")
    learn.locator('[data-exercise="mend"]').focus()
    lab.page.keyboard.press("Enter")
    expect(learn).to_contain_text("iterations k=0 and k=1 both add")
    pane.button("learn", "Hint (3 left)").click()
    pane.type_line('s["C"].vectorize("xi")')
    expect(pane.steps).to_have_count(4)
    pane.button("learn", "Check").click()
    expect(learn.locator(".tv-grade")).to_contain_text("✓ Passed", timeout=SLOW_MS)
    expect(learn.locator('[data-exercise="mend"]')).to_contain_text("passed, 10/10")
    guess = learn.locator(".tv-guess")
    guess.get_by_role("button", name="faster", exact=True).click()
    guess.get_by_role("slider").press("ArrowRight")
    expect(guess).to_contain_text("80 % sure")
    pane.button("learn", "Reveal").click()
    # Whether the step pays is the machine's to say; a busy one may say neither.
    expect(guess).to_contain_text(re.compile("So far:|Can't tell"), timeout=SLOW_MS)
    for look in lab.looks((1280, 800), (1000, 800), (700, 900), (520, 900)):
        pane.show()
        learn.evaluate("node => node.scrollIntoView({block: 'end'})")
        lab.screenshot(f"learn-{look}")
        overflow = learn.evaluate("node => node.scrollWidth - node.clientWidth")
        assert overflow <= 0, look
    lab.page.set_viewport_size({"width": 1280, "height": 800})
    learn.locator('[data-exercise="which_bound"]').click()
    expect(pane.button("learn", "Check")).to_be_disabled()
    lab.screenshot("learn-guess")
    learn.locator('[data-exercise="tiles"]').click()
    expect(learn).to_contain_text('t.Lab.exercise("tiles")')
    lab.screenshot("learn-elsewhere")
