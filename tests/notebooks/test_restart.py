"""A kernel dies in the middle of a tuning run, and the next one goes on with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager

from tests.patience import PATIENCE_S, eventually
from tests.tune.test_process import alive, children_of
from tvmlab.tune.database import Database

ROOT = Path(__file__).resolve().parents[2]

BEGIN = """
import tvmlab as t
C = t.ops.matmul(16, 32, 16)
run = t.tune(C, trials=40, db="run.db", batch=8, explorer="genetic", timeout_s=60.0)
while len(run.trials) < 12 and not run.is_over:
    run.wait(0.1)
print(run._process.pid, run.status)
"""

GO_ON = """
import tvmlab as t
from tvmlab.view.tuning_news import Sent
run = t.attach("run.db")
lab = t.Lab(t.ops.matmul(16, 32, 16), run=run)
run.wait(300)
view = lab.view.snapshot()["tuner"]
news = [message for message in lab.view.tuning_news(Sent()) if message["kind"] == "points"]
print(run._process.pid, run.status, run.started["restored"], len(run.trials), view["status"],
      view["done"], news[0]["run"], sum(len(message["points"]) for message in news))
"""


class Kernel:
    """A Jupyter kernel in `folder` that is told what to run, as a notebook tells it."""

    def __init__(self, folder: Path) -> None:
        self._manager = KernelManager()
        self._manager.start_kernel(cwd=str(folder), extra_arguments=["--log-level=ERROR"])
        self._client: BlockingKernelClient = self._manager.client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=PATIENCE_S)

    def run(self, code: str) -> list[str]:
        """The words that a cell prints."""
        printed: list[str] = []

        def hear(message: dict) -> None:
            if message["msg_type"] == "stream":
                printed.append(message["content"]["text"])

        reply = self._client.execute_interactive(code, timeout=2 * PATIENCE_S, output_hook=hear)
        assert reply["content"]["status"] == "ok", reply["content"]
        return "".join(printed).split()

    def end(self, now: bool) -> None:
        """End it: at once, as by a crash, or as JupyterLab does."""
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=now)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    yield tmp_path


def test_a_run_outlives_its_kernel(folder: Path) -> None:
    first = Kernel(folder)
    pid, status = first.run(BEGIN)
    assert status == "running"
    left_over = [int(pid), *children_of(int(pid))]
    first.end(now=True)
    second = Kernel(folder)
    try:
        again, status, restored, told, shown, done, number, points = second.run(GO_ON)
        assert (status, shown) == ("done", "done")
        assert int(restored) >= 12
        assert told == done == points == "40"
        assert number == "1"
        left_over += [int(again), *children_of(int(again))]
    finally:
        second.end(now=False)
    eventually(lambda: not alive(left_over))
    with Database.open(folder / "run.db", create=False) as database:
        [stored] = database.sessions()
        assert stored.ending == "every trial is done"
        assert [r.number for r in database.records(stored.id)] == list(range(40))
