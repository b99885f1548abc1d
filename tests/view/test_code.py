"""Generated code in a lab: made when asked for, marked when old, the latest question answered."""

from __future__ import annotations

import threading
from typing import Any

from tests.view.fake_engine import FakeEngine
from tests.view.product import TILE
from tvmlab.view import LabView


def test_code_is_made_once_asked_and_marked_when_old(view: LabView) -> None:
    assert view.snapshot()["code"]["status"] == "idle"
    made: Any = view.do({"intent": "code", "kind": "asm"})
    assert made["code"]["text"].startswith("; asm after 0")
    assert made["code"]["facts"] == "2 lines · 1 fused multiply-adds · vectors of 256 bits"
    assert [loop["line"] for loop in made["code"]["loops"]] == [0, 1, 2], "the first that do most"
    old: Any = view.do({"intent": "apply", "line": TILE})
    assert old["code"]["is_stale"]
    view.do({"intent": "apply", "line": 's["C"].parallel("yo")'})
    failed: Any = view.do({"intent": "code", "kind": "llvm"})
    assert failed["code"]["status"] == "failed"
    assert "no threads" in failed["code"]["reason"]
    assert failed["code"]["loops"] == [], "of the text before, and not of this one"


def test_code_that_comes_late_does_not_replace_what_was_asked_since(
    view: LabView, engine: FakeEngine
) -> None:
    engine.gate.clear()
    slow = threading.Thread(target=view.do, args=({"intent": "code", "kind": "llvm"},))
    slow.start()
    while view.snapshot()["code"]["status"] != "working":
        pass
    late = threading.Thread(target=view.do, args=({"intent": "code", "kind": "asm"},))
    late.start()
    while view.snapshot()["code"]["kind"] != "asm":
        pass
    engine.gate.set()
    slow.join()
    late.join()
    assert view.snapshot()["code"]["text"].startswith("; asm")
