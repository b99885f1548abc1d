"""`tvmlab tune --model-file` on a model of two operators, one of them used twice."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from tests.graph.arrays import draw
from tests.graph.onnx_models import model, node
from tvmlab import cli, graph, targets
from tvmlab.cli import tune_model
from tvmlab.graph.tasks import tune_model as tune_all
from tvmlab.te.serial import to_json
from tvmlab.tune.database import Database


def write(path: Path) -> None:
    """x -> relu(x A) -> relu(. B) -> softmax, in file `path`."""
    nodes = [
        node("MatMul", "x a", "p"), node("Relu", "p", "q"),
        node("MatMul", "q b", "r"), node("Relu", "r", "s"), node("Softmax", "s"),
    ]  # fmt: skip
    made = model(nodes, (8, 16), {"a": draw(0, 16, 16), "b": draw(1, 16, 16)})
    path.write_bytes(made.SerializeToString())


def test_a_model_is_tuned_gone_on_with_and_compiled_with_what_was_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, db = tmp_path / "model.onnx", tmp_path / "run.db"
    write(path)
    words = ["tune", "--model-file", str(path), "--db", str(db)]
    assert cli.main([*words, "--trials", "8"]) == 0
    said = capsys.readouterr().out
    assert "tuning 2 operators, 8 trials" in said
    assert "2 x matmul(m=8, n=16, k=16" in said
    assert "1 x softmax(rows=8, columns=16" in said
    assert "us a run of the model" in said
    assert cli.main([*words, "--trials", "10", "--resume"]) == 0
    assert "10 trials (every trial is done)" in capsys.readouterr().out

    imported = graph.import_onnx(path)
    (product, count), _ = graph.tasks_of(imported)
    assert count == 2
    with Database.open(db) as database:
        best = database.best(to_json(product), "cpu", targets.get("cpu").device())
        assert best is not None
        compiled = graph.compile_graph(imported, choose=graph.best_steps(database))
    used = compiled.calls[0].schedule.trace.steps
    assert [step.name for step in used][: len(best.trace)] == [s["step"] for s in best.trace]
    rows = draw(2, 8, 16)
    np.testing.assert_allclose(compiled(rows), graph.compile_graph(imported)(rows), rtol=1e-4)


def test_an_interrupt_says_how_to_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "model.onnx")

    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(tune_model, "said", interrupted)
    monkeypatch.setattr(tune_model, "INTERVAL_S", 0.0)
    words = ["--model-file", str(tmp_path / "model.onnx"), "--db", str(tmp_path / "run.db")]
    tuning = tune_all(graph.import_onnx(words[1]), trials=500, db=words[3])
    try:
        assert tune_model.follow(tuning, io.StringIO()) is False
        assert tuning.status in ("done", "running")
    finally:
        tuning.close()
