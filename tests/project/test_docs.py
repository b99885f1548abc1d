"""The documents name all there is: whatever is added and not told of is found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.project.rules import LEVEL
from tvmlab.cli.entry import COMMANDS
from tvmlab.ops import OPERATORS
from tvmlab.schedule import STEPS

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("document", ["README.md", "CHANGELOG.md"])
@pytest.mark.parametrize("name", [*STEPS, *OPERATORS])
def test_what_one_can_use_is_named(document: str, name: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    assert re.search(rf"\b{name}\b", text), f"{document} does not name {name}"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_shown(command: str) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"tvmlab {command}" in text or f"make {command}" in text


def test_every_room_is_explained() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rooms = {p.stem for p in (ROOT / "tvmlab").iterdir() if p.name[0] not in "_."}
    rooms &= LEVEL.keys()
    assert len(rooms) > 10
    assert [room for room in sorted(rooms) if f"`{room}`" not in text] == ["version"]


@pytest.mark.parametrize("document", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_links_and_paths_lead_somewhere(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([\w./-]+)\)", text)
    paths = re.findall(r"`((?:tvmlab|extension|tests|docs|notebooks)/[\w./]+)`", text)
    missing = {p for p in [*links, *paths] if "NAME" not in p and not (ROOT / p).exists()}
    assert missing <= {"tvmlab/static", "tvmlab/labextension"}, (
        "they are made by `make lab`, all else is tracked"
    )
