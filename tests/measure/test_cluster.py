"""The runner of other machines, with real schedulers and workers, some of which are killed."""

import os
import signal
import subprocess
import sys

import distributed
import pytest
from distributed.comm.core import CommClosedError

from tests.measure.clusters import ROOT, Cluster
from tests.measure.jobs import TimedJob, faulty_job, request, timed
from tests.patience import PATIENCE_S, eventually
from tvmlab.errors import MeasureError, UsageError
from tvmlab.measure.child import Limits
from tvmlab.measure.cluster import ClusterRunner
from tvmlab.measure.cluster_address import safe_address
from tvmlab.measure.faults import fault_step
from tvmlab.measure.runner import measure_all
from tvmlab.tune.database import Database


@pytest.fixture
def cluster(tmp_path):
    with Cluster(tmp_path) as made:
        yield made


def ready(cluster, workers=1):
    """Wait until so many workers are known."""
    with distributed.Client(cluster.address, set_as_default=False) as client:
        client.wait_for_workers(workers, timeout=PATIENCE_S)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("tcp://10.0.0.7:8786", "use tls://10.0.0.7:8786 with certificates"),
        ("tcp://example.org:8786", "on another machine and not encrypted"),
        ("127.0.0.1:8786", "is no address"),
        ("tcp://127.0.0.1", "is no address"),
        ("tcp://127.0.0.1:port", "is no address"),
    ],
)
def test_addresses_that_are_not_safe_are_refused(address, words):
    with pytest.raises(UsageError, match=words):
        ClusterRunner(address)


@pytest.mark.parametrize(
    "address", ["tcp://127.0.0.1:8786", "tcp://[::1]:8786", "tcp://localhost:1", "tls://far:8786"]
)
def test_this_machine_and_encrypted_ones_are_safe(address):
    assert safe_address(address) == address


def test_nobody_at_the_address_is_told(monkeypatch):
    monkeypatch.setattr("tvmlab.measure.cluster.CONNECT_S", 0.5)
    with pytest.raises(MeasureError, match=r"no scheduler answers at tcp://127\.0\.0\.1:9"):
        ClusterRunner("tcp://127.0.0.1:9")


def test_workers_are_looked_at_before_they_are_used(cluster, tmp_path):
    with pytest.raises(MeasureError, match="has no worker for cpu; start one with: dask worker"):
        ClusterRunner(cluster.address)
    old = tmp_path / "old"
    old.mkdir()
    lines = "import tvmlab.version\ntvmlab.version.__version__ = '0.0.1'\n"
    (old / "sitecustomize.py").write_text(lines)
    stranger = cluster.add_worker(path=str(old))
    ready(cluster)
    with pytest.raises(MeasureError, match=r"has tvmlab 0\.0\.1 and the tuner has"):
        ClusterRunner(cluster.address)
    stranger.kill()
    cluster.add_worker(threads=2)
    eventually(lambda: "several threads" in refusal(cluster))


def refusal(cluster) -> str:
    try:
        ClusterRunner(cluster.address).close()
    except MeasureError as error:
        return str(error)
    return ""


def test_faults_and_killed_workers_leave_every_ticket_one_answer(cluster):
    for _ in range(2):
        cluster.add_worker()
    ready(cluster, 2)
    limits = Limits(run_s=5.0, memory_bytes=2 << 30)  # a busy worker needs a while to crash
    with ClusterRunner(cluster.address, limits=limits, job=faulty_job()) as runner:
        kinds = ("segfault", "python loop", "garbage")
        outcomes = measure_all(runner, [timed(0.5), *(request(fault_step(k)) for k in kinds)])
        assert [o.status for o in outcomes] == ["ok", "crash", "timeout", "crash"]
        assert outcomes[0].device
        assert (runner.devices, runner.slots) == (2, 4)
        tickets = [runner.submit(timed(0.5)) for _ in range(30)]
        answers = runner.poll(PATIENCE_S)
        cluster.workers[0].send_signal(signal.SIGKILL)
        while runner.pending:
            answers += runner.poll(PATIENCE_S)
        assert sorted(ticket for ticket, _ in answers) == tickets
        assert all(outcome.is_ok for _, outcome in answers)
        eventually(lambda: runner.devices == 1)
        runner.submit(request(fault_step("native loop")))
        cluster.scheduler.kill()
        with pytest.raises(MeasureError, match=r"the scheduler at tcp:.* is gone"):
            runner.poll(PATIENCE_S)


def test_an_answer_that_died_with_its_worker_is_worked_out_again(cluster):
    doomed = cluster.add_worker()
    ready(cluster)
    with ClusterRunner(cluster.address, job=faulty_job()) as runner:
        ticket = runner.submit(timed(0.001))
        eventually(lambda: not runner._answers.empty())
        doomed.kill()
        eventually(lambda: runner._futures[ticket].status != "finished")
        cluster.add_worker()
        ((answered, outcome),) = runner.poll(PATIENCE_S)
        assert answered == ticket
        assert outcome.is_ok


def test_a_connection_that_breaks_while_an_answer_is_fetched_is_told(cluster, monkeypatch):
    def broken() -> None:
        raise CommClosedError("Stream is closed")

    cluster.add_worker()
    ready(cluster)
    with ClusterRunner(cluster.address, job=faulty_job()) as runner:
        ticket = runner.submit(timed(0.001))
        eventually(lambda: not runner._answers.empty())
        monkeypatch.setattr(runner._futures[ticket], "result", broken)
        with pytest.raises(MeasureError, match=r"the scheduler at tcp:.* is gone"):
            runner.poll(PATIENCE_S)


def test_a_run_on_a_cluster_survives_its_workers_and_says_when_the_scheduler_goes(
    cluster, tmp_path
):
    for _ in range(2):
        cluster.add_worker()
    ready(cluster, 2)
    database = tmp_path / "run.db"
    words = ["tune", "matmul", "--shape", "32,48,16", "--explorer", "random", "--db", database]
    words += ["--cluster", cluster.address, "--trials", "100000"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tvmlab.cli", *map(str, words)]
    tuning = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    eventually(lambda: stored(database) >= 4)
    cluster.workers[0].kill()
    kept = stored(database)
    eventually(lambda: stored(database) >= kept + 8)
    cluster.scheduler.kill()
    _, told = tuning.communicate(timeout=PATIENCE_S)
    assert tuning.returncode == 2
    assert "is gone; start it and its workers, and resume the run." in told.splitlines()[-1]
    with Database.open(database, create=False) as opened:
        numbers = [record.number for record in opened.records(1)]
    assert len(numbers) == len(set(numbers)) >= kept + 8


def stored(database) -> int:
    if not database.exists():
        return 0
    with Database.open(database, create=False) as opened:
        return len(opened.records(1)) if opened.sessions() else 0


def test_the_package_may_be_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"install tvmlab\[cluster\]"):
        ClusterRunner("tcp://127.0.0.1:8786", job=TimedJob())
