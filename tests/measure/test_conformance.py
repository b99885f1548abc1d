"""What every runner must do, whatever it measures with. A new runner adds a line to `MAKERS`."""

import distributed
import pytest

from tests.measure.clusters import Cluster
from tests.measure.jobs import TimedJob, landscape, timed
from tests.patience import PATIENCE_S
from tvmlab.errors import MeasureError
from tvmlab.measure.child import LocalRunner
from tvmlab.measure.cluster import ClusterRunner
from tvmlab.measure.faulty import FaultyRunner
from tvmlab.measure.outcome import Outcome
from tvmlab.measure.replay import ReplayRunner
from tvmlab.measure.runner import Runner, measure_all
from tvmlab.measure.synthetic import SyntheticRunner

TIMES = [0.5, -1.0, 0.25, 0.125, -2.0, 1.0]


def replaying() -> ReplayRunner:
    source = SyntheticRunner(landscape)
    outcomes = measure_all(source, [timed(t) for t in TIMES])
    return ReplayRunner({timed(t).key: o for t, o in zip(TIMES, outcomes, strict=True)})


MAKERS = {
    "local": lambda: LocalRunner(2, job=TimedJob()),
    "one worker": lambda: LocalRunner(1, job=TimedJob()),
    "replay": replaying,
    "synthetic": lambda: SyntheticRunner(landscape),
    "faulty": lambda: FaultyRunner(SyntheticRunner(landscape), lambda n, request: None),
}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """One for all tests: a scheduler and two workers take seconds to start."""
    with Cluster(tmp_path_factory.mktemp("cluster")) as made:
        made.add_worker()
        made.add_worker()
        yield made


@pytest.fixture(params=[*MAKERS, "cluster"])
def runner(request):
    if request.param == "cluster":
        address = request.getfixturevalue("cluster").address
        with distributed.Client(address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=PATIENCE_S)
        made = ClusterRunner(address, job=TimedJob())
    else:
        made = MAKERS[request.param]()
    yield made
    made.close()


def test_it_is_a_runner(runner):
    assert isinstance(runner, Runner)
    assert runner.slots >= runner.devices >= 1


def test_every_ticket_is_answered_once_and_rightly(runner):
    expected = {runner.submit(timed(t)): t for t in TIMES}
    assert len(expected) == len(TIMES)
    assert runner.pending == len(TIMES)
    answers: list[tuple[int, Outcome]] = []
    while runner.pending:
        answers += runner.poll(10.0)
    assert sorted(ticket for ticket, _ in answers) == sorted(expected)
    for ticket, outcome in answers:
        if expected[ticket] < 0:
            assert (outcome.status, outcome.stage) == ("illegal", "replay")
        else:
            assert outcome.median_s == expected[ticket]


def test_polling_an_idle_runner_returns_at_once(runner):
    assert runner.poll(60.0) == []


def test_requests_can_follow_answers(runner):
    for time_s in TIMES:
        (outcome,) = measure_all(runner, [timed(time_s)])
        assert outcome.is_ok == (time_s >= 0)


def test_measure_all_keeps_the_order(runner):
    outcomes = measure_all(runner, [timed(t) for t in TIMES])
    assert [o.median_s for o in outcomes] == [t if t >= 0 else None for t in TIMES]


def test_measure_all_refuses_a_busy_runner(runner):
    runner.submit(timed(0.5))
    with pytest.raises(MeasureError, match="1 requests pending"):
        measure_all(runner, [timed(0.5)])


def test_a_closed_runner_refuses_requests(runner):
    runner.submit(timed(0.5))
    runner.close()
    runner.close()
    assert runner.pending == 0
    assert runner.poll(0.0) == []
    with pytest.raises(MeasureError, match="closed"):
        runner.submit(timed(0.5))
