"""The harness itself: a notebook opens, runs and shows what it computed."""

from __future__ import annotations

from tests.browser.lab_page import LabPage


def test_one_and_one_is_two(lab: LabPage) -> None:
    lab.open(lab.write_notebook("smoke.ipynb", "1 + 1", "print('a' + 'b')"))
    lab.run_cell(0)
    assert lab.output(0).inner_text().split() == ["[1]:", "2"]
    lab.run_all()
    lab.wait_idle()
    assert "ab" in lab.output(1).inner_text()
    assert lab.save()["cells"][0]["outputs"][0]["data"] == {"text/plain": ["2"]}
    assert lab.screenshot("smoke").stat().st_size > 10_000
