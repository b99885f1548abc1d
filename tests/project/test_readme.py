"""What the README and CONTRIBUTING promise is there and works as written."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()


def test_the_first_steps_run_as_they_stand(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict[str, object] = {}
    exec(code, names)
    assert "for yo in range(32)" in capsys.readouterr().out
    rng = np.random.default_rng(0)
    a, b = rng.random((2, 1024, 1024), dtype=np.float32)
    c = np.empty((1024, 1024), np.float32)
    names["f"](a, b, c)  # type: ignore[operator]
    np.testing.assert_allclose(c, a.T @ b, rtol=1e-4)


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([\w./]+/)`", README))))
def test_a_folder_it_names_is_there(name: str) -> None:
    assert (ROOT / name).is_dir()


@pytest.mark.parametrize("text", [README, CONTRIBUTING], ids=["README", "CONTRIBUTING"])
def test_what_it_tells_to_make_can_be_made(text: str) -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    told = set(re.findall(r"(?:^|`)make ([\w-]+)", text, re.MULTILINE))
    assert told
    assert told <= targets


def paths_of_recipes() -> list[str]:
    """The files and folders that CONTRIBUTING names, those the reader is to make aside."""
    named = re.findall(r"`((?:tvmlab|extension|tests)/[\w./]+)`", CONTRIBUTING)
    return sorted({path for path in named if "NAME" not in path})


@pytest.mark.parametrize("path", paths_of_recipes())
def test_a_path_of_a_recipe_is_there(path: str) -> None:
    assert (ROOT / path).exists()
