import json

import pytest

from tvmlab.errors import MeasureError
from tvmlab.measure.canonical import canonical, digest
from tvmlab.measure.outcome import STAGES, STATUSES, Outcome, failure
from tvmlab.measure.request import Request
from tvmlab.measure.timing import Protocol

GOOD = Outcome("ok", "time", times_s=(2.0, 1.0, 4.0), build_s=0.5, total_s=9.0, verified=True)


def test_times_are_summed_up():
    assert GOOD.median_s == 2.0
    assert GOOD.min_s == 1.0
    assert GOOD.spread == pytest.approx((3.6 - 1.2) / 2.0)


def test_a_failure_has_no_times():
    crash = failure("crash", "run", "the process was killed by SIGSEGV")
    assert (crash.median_s, crash.min_s, crash.spread, crash.is_ok) == (None, None, None, False)


@pytest.mark.parametrize("status", STATUSES)
def test_json_brings_every_status_back(status):
    outcome = Outcome(status, STAGES[-1], "a reason", times_s=(1e-3, 0.1 + 0.2))
    assert Outcome.from_json(json.loads(json.dumps(outcome.to_json()))) == outcome


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"status": "fine"}, "'fine', which is not one of ok, illegal"),
        ({"stage": "lunch"}, "the stage 'lunch'"),
        ({"times_s": []}, "ok but holds no time"),
        ({"times_s": [float("nan")]}, "nan is not a duration"),
        ({"times_s": [-1.0]}, "-1.0 is not a duration"),
        ({"times_s": 3}, "cannot be read"),
        ({"build_s": "soon"}, "cannot be read"),
        ({"mood": "good"}, "the field 'mood'"),
    ],
)
def test_bad_json_is_refused_in_a_sentence(change, words):
    with pytest.raises(MeasureError, match=words):
        Outcome.from_json(GOOD.to_json() | change)


def test_a_missing_field_is_named():
    with pytest.raises(MeasureError, match="'stage'"):
        Outcome.from_json({"status": "ok"})


def test_canonical_text_does_not_depend_on_the_order_of_keys():
    assert (
        canonical({"b": 1, "a": [1, 2]}) == '{"a":[1,2],"b":1}' == canonical({"a": (1, 2), "b": 1})
    )
    assert digest({"a": 1}) != digest({"a": 2})
    with pytest.raises(ValueError):
        canonical(float("nan"))


def test_a_request_goes_through_json():
    request = Request({"w": 1}, [{"step": "split"}], seed=3, protocol=Protocol(min_repeats=7))
    assert Request.from_json(json.loads(json.dumps(request.to_json()))) == request
    assert request.key == Request({"w": 1}, [{"step": "split"}]).key
    assert request.key != Request({"w": 1}, [{"step": "fuse"}]).key


@pytest.mark.parametrize("change", [{"protocol": {"speed": 1}}, {"colour": "red"}])
def test_a_request_of_another_form_is_refused(change):
    with pytest.raises(MeasureError, match="cannot be read"):
        Request.from_json(Request({}, []).to_json() | change)
