"""Cassettes: what was recorded on a device plays without it, and says that it was recorded."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tvmlab as t
from tvmlab import cli, ops
from tvmlab.errors import MeasureError
from tvmlab.measure.cassette import Cassette
from tvmlab.measure.request import Request
from tvmlab.te.serial import to_json

RECORDED = Path(__file__).parent / "cassettes" / "matmul_opencl.jsonl"


def test_what_is_written_is_read(tmp_path: Path) -> None:
    cassette = Cassette.read(RECORDED)
    cassette.write(tmp_path / "again.jsonl")
    assert Cassette.read(tmp_path / "again.jsonl") == cassette
    assert cassette.target == "opencl"
    assert all("__kernel" in take.text for take in cassette.takes)


def test_a_recorded_outcome_is_labelled_and_anything_else_is_an_error() -> None:
    cassette = Cassette.read(RECORDED)
    runner = cassette.runner()
    known = Request(cassette.workload, cassette.takes[0].trace, "opencl")
    runner.submit(known)
    runner.submit(Request(cassette.workload, [], "opencl"))
    (_, first), (_, second) = runner.poll(0.0)
    assert first == cassette.takes[0].outcome
    assert first.verified
    assert first.device == cassette.label
    assert cassette.label.startswith("recorded on ")
    assert second.status == "launch_error"


def test_recording_keeps_what_became_of_each_candidate() -> None:
    cassette = Cassette.read(RECORDED)
    requests = [Request(cassette.workload, take.trace, "opencl") for take in cassette.takes]
    again = Cassette.record(cassette.runner(), requests)
    assert [take.outcome for take in again.takes] == [take.outcome for take in cassette.takes]
    other = Request(to_json(ops.matmul(3, 3, 3).tensors), [], "opencl")
    with pytest.raises(MeasureError, match="one expression and target, and was given 2"):
        Cassette.record(cassette.runner(), [*requests, other])


@pytest.mark.parametrize(
    "text", ["", "{}", '{"cassette": 2}', "not JSON", '{"cassette": 1, "target": "cuda"}']
)
def test_other_files_are_refused_in_words(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MeasureError, match="is no cassette of version 1"):
        Cassette.read(path)


def test_a_run_plays_a_cassette() -> None:
    run = t.tune(ops.matmul(16, 16, 16).tensors, target="opencl", trials=2, cassette=str(RECORDED))
    try:
        run.wait()
        assert run.best is not None
        first = Cassette.read(RECORDED).takes[0]
        assert run.best.trace == first.trace
        assert run.best.outcome == first.outcome
    finally:
        run.close()


def test_a_run_tries_what_was_recorded() -> None:
    workload = ops.matmul(16, 16, 16)
    run = t.tune(workload, target="opencl", trials=3, cassette=str(RECORDED))
    try:
        run.wait()
        assert [record.outcome.status for record in run.trials] == ["ok"] * 3
        assert {record.outcome.device for record in run.trials} == {Cassette.read(RECORDED).label}
    finally:
        run.close()


def test_the_command_plays_a_cassette_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["tune", "matmul", "--shape", "16,16,16", "--cassette", str(RECORDED)]
    assert cli.main(words) == 0
    out = capsys.readouterr().out
    label = Cassette.read(RECORDED).label
    assert f"{label}: nothing is measured here" in out
    assert re.search(rf"^speed      .* GFLOP/s, {re.escape(label)}$", out, re.MULTILINE)
    assert "measured again" not in out
    assert 'f = t.build(s, "opencl")' in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["matmul", "--shape", "16,16,17"], "was recorded of another expression than matmul"),
        (["matmul", "--shape", "16,16,16", "--target", "cuda"], "for target opencl and not cuda"),
        (["matmul", "--shape", "16,16,16", "--cluster", "tcp://a:1"], "give one of them"),
    ],
)
def test_a_cassette_that_does_not_fit_is_refused(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["tune", *words, "--cassette", str(RECORDED)]) == 2
    assert said in capsys.readouterr().err
