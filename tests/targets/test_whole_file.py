"""A file that is replaced whole holds the old or the new content, and nothing is left beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tvmlab.targets.whole_file import written_whole


def test_the_content_takes_its_place_when_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "kept.txt"
    path.write_text("old")
    with written_whole(path) as part:
        part.write_text("new")
        assert path.read_text() == "old"
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("kept.txt", "new")]


@pytest.mark.parametrize("error", [OSError, ValueError, KeyboardInterrupt])
def test_a_block_that_raises_leaves_the_old_file_alone(
    tmp_path: Path, error: type[BaseException]
) -> None:
    path = tmp_path / "kept.txt"
    path.write_text("old")

    def fail(part: Path) -> None:
        part.write_text("half of the n")
        raise error

    with pytest.raises(error), written_whole(path) as part:
        fail(part)
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("kept.txt", "old")]


def test_a_block_that_writes_nothing_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), written_whole(tmp_path / "kept.txt"):
        pass
    assert not list(tmp_path.iterdir())
