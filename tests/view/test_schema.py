"""The browser's picture of a snapshot has the fields that the kernel sends, by name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_type_hints, is_typeddict

from tvmlab.view import schema

TYPESCRIPT = Path(__file__).parents[2] / "extension" / "src" / "schema"


def interfaces() -> dict[str, list[str]]:
    """Interface name -> names of its fields, in order."""
    texts = (path.read_text(encoding="utf-8") for path in sorted(TYPESCRIPT.glob("*.ts")))
    source = re.sub(r"/\*\*.*?\*/", "", "\n".join(texts), flags=re.S)
    found = re.findall(r"export interface (\w+) \{(.*?)\n\}", source, re.S)
    return {name: re.findall(r"^\s*(\w+): ", body, re.M) for name, body in found}


def test_every_interface_mirrors_a_class() -> None:
    classes = {n: c for n, c in vars(schema).items() if is_typeddict(c)}
    mirrored = interfaces()
    del mirrored["Intent"]  # what the browser asks, not what it is shown
    assert len(mirrored) >= 15
    for name, fields in mirrored.items():
        assert list(get_type_hints(classes[name])) == fields, name
    # Snapshot is taken apart in Python, a refusal travels inside the pane's own view, and the past
    # is drawn without a browser's script.
    assert set(classes) - set(mirrored) == {"Snapshot", "Refused", "PastView"}
