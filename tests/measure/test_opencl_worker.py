"""Kernels for OpenCL measured in workers: a device is touched in no other process."""

from __future__ import annotations

import pytest

from tests.targets.gpu_schedules import reversed_rows, uneven_elementwise
from tvmlab.measure.child import Limits, LocalRunner
from tvmlab.measure.request import Request
from tvmlab.measure.runner import measure_all
from tvmlab.targets.opencl.limits import opencl_devices
from tvmlab.te.serial import to_json


def test_good_and_bad_candidates_have_their_outcomes() -> None:
    devices, problem = opencl_devices()
    if not devices:
        pytest.skip(problem)
    s, other = reversed_rows(), uneven_elementwise()
    trace = [step.to_json() for step in s.state.steps]
    requests = [
        Request(to_json(s.outputs), trace, target="opencl"),
        Request(to_json(other.outputs), [], target="opencl"),
        Request(to_json(s.outputs), trace, target="opencl"),
    ]
    with LocalRunner(1, Limits(build_s=100.0, run_s=100.0)) as runner:
        good, unbound, again = measure_all(runner, requests)
    assert (good.status, again.status) == ("ok", "ok")
    assert good.verified
    assert good.times_s
    assert (unbound.status, unbound.stage) == ("build_error", "lower")
    assert "No loop of B is bound to blocks or threads" in unbound.reason
