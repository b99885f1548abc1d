"""The tuner for processors with many threads, on the OpenCL device that every machine has."""

from __future__ import annotations

import pytest

import tvmlab as t
from tests.tune.test_sketches import judge
from tvmlab import ops
from tvmlab.ir.program import Invoke
from tvmlab.ir.walk import stmts
from tvmlab.ops.gpu.unit import UNITS
from tvmlab.schedule import create_schedule
from tvmlab.te.serial import to_json
from tvmlab.tune.setup import Setup
from tvmlab.tune.setup_space import space_of, template_name
from tvmlab.tune.sketches import BOUND, sketches_for


@pytest.mark.parametrize("target", UNITS)
def test_what_is_searched_is_found_by_its_name_in_any_process(target: str) -> None:
    product = ops.matmul(16, 16, 16).tensors
    for kind, name in (("template", f"gpu/{target}"), ("sketch", f"sketches/{target}")):
        assert template_name(product, kind, target, ops.AVX512) == name
        space, first = space_of(Setup(to_json(product), name, target=target))
        assert space.size > 1000
        assert space.trace(first[0])


def test_rules_fetch_together_what_serves_several_results() -> None:
    conv = ops.conv2d(1, 2, 6, 6, 4, 3).tensors
    found = sketches_for("opencl", conv)
    assert next(iter(found)) == "as planned"
    assert {"share(C, P)", "inline(P) bind(C)"} <= found.keys()
    assert judge(conv, 2, 1, BOUND) == 0


def test_rules_propose_instructions_of_warps_where_they_do_what_a_fold_does() -> None:
    narrow = ops.matmul(20, 24, 40, dtype="float16").tensors
    families = {"tensorize(C, mma_f16)", "tensorize(C, wmma_f16)"}
    found = sketches_for("cuda", narrow)
    assert families <= found.keys()
    assert not families & sketches_for("opencl", narrow).keys(), "it has none"
    assert not families & sketches_for("cuda", ops.matmul(20, 24, 40).tensors).keys()
    for title in families:
        schedule = create_schedule(narrow)
        found[title].apply(schedule, found[title].default(narrow))
        names = {s.name for s in stmts(schedule.mod.body) if isinstance(s, Invoke)}
        assert title.split()[1].removesuffix(")") in names


def test_a_run_on_opencl_finds_a_verified_schedule() -> None:
    run = t.tune(
        ops.matmul(16, 16, 16).tensors, target="opencl", trials=3, space="sketch", timeout_s=60.0
    )
    try:
        run.wait()
        assert run.best is not None
        assert run.best.outcome.verified
        assert any(step["step"] == "bind" for step in run.best.trace)
    finally:
        run.close()
