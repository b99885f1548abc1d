"""What the JupyterLab extension says can be translated: tools read its texts from the source."""

from __future__ import annotations

import re
from pathlib import Path

LAB = Path(__file__).resolve().parents[2] / "extension" / "src" / "lab"
CALL = re.compile(r"([\w.]*)\.(?:__|_n)\(\s*(.)")


def test_every_text_is_a_literal_where_it_is_translated() -> None:
    """jupyterlab-translate knows the objects `trans` and `this.trans`, and plain strings."""
    sources = [path for path in LAB.glob("*.ts") if ".test." not in path.name]
    calls = [
        (path.name, *call.groups(), source[: call.start()].count("\n") + 1)
        for path in sources
        for source in [path.read_text()]
        for call in CALL.finditer(source)
    ]
    assert len(calls) > 50
    assert [c for c in calls if c[1] not in ("trans", "this.trans") or c[2] != '"'] == []
