from tests.measure.jobs import landscape, timed
from tvmlab.measure.faulty import FaultyRunner
from tvmlab.measure.outcome import failure
from tvmlab.measure.runner import measure_all
from tvmlab.measure.synthetic import SyntheticRunner

CRASH = failure("crash", "run", "the process was killed by SIGSEGV")


def test_only_the_planned_submissions_fail():
    runner = FaultyRunner(
        SyntheticRunner(landscape), lambda n, request: CRASH if n % 3 == 1 else None
    )
    outcomes = measure_all(runner, [timed(0.5)] * 6)
    assert [o.status for o in outcomes] == ["ok", "crash", "ok", "ok", "crash", "ok"]


def test_planned_outcomes_overtake_the_others():
    runner = FaultyRunner(
        SyntheticRunner(landscape, slots=1), lambda n, request: CRASH if n == 2 else None
    )
    tickets = [runner.submit(timed(0.5)) for _ in range(3)]
    assert [ticket for ticket, _ in runner.poll(0.0)] == [tickets[2], tickets[0]]
    assert runner.pending == 1
