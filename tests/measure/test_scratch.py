import os
import time

from tvmlab.measure import scratch


def test_a_folder_whose_owner_is_gone_is_swept(tmp_path, monkeypatch):
    monkeypatch.setattr(scratch.tempfile, "tempdir", str(tmp_path))
    living, dead = scratch.Scratch(), scratch.Scratch()
    long_ago = time.time() - 2 * scratch.SETTLED_S
    for folder in (living, dead):
        os.utime(folder.path / "owner", (long_ago, long_ago))
    dead._owner.close()
    fresh = scratch.Scratch()
    assert sorted(tmp_path.iterdir()) == sorted([living.path, fresh.path])
    fresh.remove()
    living.remove()
    living.remove()
    assert list(tmp_path.iterdir()) == []


def test_a_young_folder_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(scratch.tempfile, "tempdir", str(tmp_path))
    beginning = scratch.Scratch()
    beginning._owner.close()  # as if between making the folder and locking it
    scratch.Scratch().remove()
    assert beginning.path.is_dir()
