"""What crosses borders as JSON: setups, records; and the table of them."""

import json

import pytest

from tests.tune.spaces import WORKLOAD
from tvmlab.errors import MeasureError, UsageError
from tvmlab.measure.outcome import Outcome, failure
from tvmlab.measure.timing import Protocol
from tvmlab.tune.quality import foresight
from tvmlab.tune.record import Record
from tvmlab.tune.setup import RANKING, Setup
from tvmlab.tune.table import table

GOOD = Outcome("ok", "time", times_s=(2.0, 1.0, 4.0), build_s=0.5, total_s=9.0, verified=True)
CRASH = failure("crash", "run", "the process was killed by SIGSEGV")


def record(number=0, outcome=GOOD, predicted_s=None):
    config = {"tile": ((4, 3), 16), "inner": "rows", "parallel": True}
    return Record(number, 2**80, config, [{"step": "split"}], predicted_s, outcome)


@pytest.mark.parametrize("outcome", [GOOD, CRASH])
def test_a_record_goes_through_json(outcome):
    written = json.dumps(record(3, outcome, 0.1).to_json())
    assert Record.from_json(json.loads(written)) == record(3, outcome, 0.1)


@pytest.mark.parametrize(
    "change",
    [{"number": "one"}, {"config": 3}, {"trace": None}, {"outcome": {}}, {"index": None}],
)
def test_a_record_of_another_form_is_refused(change):
    with pytest.raises(MeasureError, match="cannot be read"):
        Record.from_json(record().to_json() | change)


def test_a_setup_goes_through_json():
    setup = Setup(WORKLOAD, "matmul/cpu", trials=7, protocol=Protocol(min_repeats=9), threads=2)
    assert Setup.from_json(json.loads(json.dumps(setup.to_json()))) == setup
    assert Setup.from_json({"workload": WORKLOAD, "template": "t"}).protocol == RANKING
    assert Setup.from_json({"workload": WORKLOAD, "template": "t", "protocol": RANKING}) == Setup(
        WORKLOAD, "t"
    )


@pytest.mark.parametrize("data", [{"template": "t"}, {"colour": "red"}, 7, "setup"])
def test_a_setup_of_another_form_is_refused(data):
    with pytest.raises(UsageError, match="setup cannot be read"):
        Setup.from_json(data)


def test_failures_have_no_time_in_the_table():
    implausible = Outcome("implausible", "time", "too fast", times_s=(1e-9,), verified=True)
    frame = table([record(0, predicted_s=3.0), record(1, CRASH), record(2, implausible)])
    assert frame.index.tolist() == [0, 1, 2]
    assert frame["status"].tolist() == ["ok", "crash", "implausible"]
    assert frame["median_s"].isna().tolist() == [False, True, True]
    assert frame["predicted_s"].isna().tolist() == [False, True, True]
    assert frame.loc[0, "knob tile"] == ((4, 3), 16)
    assert frame["median_s"].dtype == float


def test_the_table_of_no_trials_has_its_columns():
    assert list(table([]).columns) == ["status", "median_s", "predicted_s", "reason"]


def test_foresight_looks_at_good_predicted_trials_only():
    def timed(number, time_s, predicted_s):
        return record(number, Outcome("ok", "time", times_s=(time_s,)), predicted_s)

    records = [timed(0, 1.0, 2.0), timed(1, 2.0, 3.0), timed(2, 3.0, 4.0)]
    others = [timed(3, 9.0, None), record(4, CRASH, 0.1)]
    assert foresight(records + others) == (3, pytest.approx(1.0))
    assert foresight(others) == (0, None)
