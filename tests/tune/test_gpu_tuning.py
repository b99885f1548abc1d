"""The tuner for processors with many threads, on the OpenCL device that every machine has."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

import tvmlab as t
from tests.tune.test_sketches import judge
from tvmlab import ops
from tvmlab.ir.program import Invoke
from tvmlab.ir.walk import stmts
from tvmlab.ops.gpu.unit import UNITS
from tvmlab.ops.vector_unit import AVX512
from tvmlab.schedule import create_schedule
from tvmlab.targets.cuda.target import CudaTarget
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


def test_structures_are_those_that_the_architecture_has_instructions_for() -> None:
    half, brain = (ops.matmul(32, 32, 32, dtype=d).tensors for d in ("float16", "bfloat16"))

    def instructions(unit: str, outputs: Sequence[t.Tensor]) -> set[str]:
        found = [title for title in sketches_for(unit, outputs) if "tensorize" in title]
        return {title.partition(", ")[2].rstrip(")") for title in found}

    assert instructions("cuda", brain) == {"mma_bf16", "wmma_bf16"}
    assert not instructions("cuda/sm_75", brain)
    assert instructions("cuda/sm_75", half) == {"mma_f16", "wmma_f16"}
    assert instructions("cuda/sm_70", half) == {"wmma_f16"}
    assert template_name(brain, None, "cuda", AVX512, (7, 5)) == "gpu/cuda/sm_75"
    assert template_name(brain, "sketch", "cuda", AVX512, (7, 0)) == "sketches/cuda/sm_70"
    assert template_name(brain, None, "cuda", AVX512, (8, 6)) == "gpu/cuda"
    assert ops.template_named("gpu/cuda/sm_75").name == "gpu/cuda/sm_75"


def test_instructions_that_an_architecture_lacks_are_told() -> None:
    workload = ops.matmul(32, 32, 32, dtype="bfloat16")
    schedule = t.create_schedule(workload.tensors)
    template = workload.template("cuda")
    template.apply(schedule, template.default(workload.tensors))
    with pytest.warns(t.ScheduleWarning, match="sm_75 has no mma_bf16, .* many times as slowly"):
        schedule.resources({"name": "cuda", "architecture": "sm_75"})
    machine = t.targets.get({"name": "cuda", "architecture": "sm_80"})
    assert isinstance(machine, CudaTarget)
    assert machine.remark(schedule.mod) == ""
