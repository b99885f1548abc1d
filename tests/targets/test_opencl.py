"""OpenCL: kernels against NumPy on whatever device there is, and what is said where one fails."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest

import tvmlab as t
from tests.targets.gpu_schedules import (
    any_length,
    any_rows,
    one_row_after_the_other,
    reversed_rows,
    row_sums,
    stepwise_lstm,
    tiled_matmul,
    two_hops,
    uneven_elementwise,
)
from tvmlab.errors import TargetError, UsageError
from tvmlab.measure.timing import Protocol
from tvmlab.targets.cfamily.launching import DeviceBoundCall
from tvmlab.targets.cfamily.plan import Launch, Repeat, read_plan
from tvmlab.targets.opencl.limits import opencl_devices
from tvmlab.targets.opencl.run import OpenClMachine, machine, refuse_beyond


@pytest.fixture(autouse=True, scope="module")
def device() -> None:
    """Skip where no driver is: PoCL, of the extra `test`, makes the processor a device."""
    devices, problem = opencl_devices()
    if not devices:
        pytest.skip(problem)


def test_a_tiled_product_agrees() -> None:
    assert all(tiled_matmul().check("opencl"))


def test_conditions_that_threads_differ_in_stay_in_their_loops() -> None:
    """PoCL 3.0 loses threads where its compiler makes two loops of one with such a condition."""
    workload = t.ops.lstm_cell(7, 11, batch=17)
    template = workload.template("opencl")
    s = t.create_schedule(workload.tensors)
    template.apply(s, template.default(workload.tensors))
    assert "if (asked(" in s.code("opencl")
    assert "#ifndef THREADS_IN_TURN" not in uneven_elementwise().code("opencl")
    assert "asked" not in uneven_elementwise().code("opencl")
    assert all(s.check("opencl"))


@pytest.mark.parametrize("make", [one_row_after_the_other, stepwise_lstm])
def test_the_host_launches_kernels_in_a_loop(make: Callable[[], t.Schedule]) -> None:
    s = make()
    (repeat,) = (x for x in read_plan(s.code("opencl")).steps if isinstance(x, Repeat))
    assert any(x.numbers == (repeat.name,) for x in repeat.steps if isinstance(x, Launch))
    assert all(s.check("opencl"))
    assert ".entry" in s.code("ptx")


@pytest.mark.parametrize("make", [any_length, any_rows])
def test_the_arrays_tell_how_many_blocks_there_are(make: Callable[[], t.Schedule]) -> None:
    s = make()
    plan = read_plan(s.code("opencl"))
    assert [size.name for size in plan.sizes] == ["n"]
    (n,) = plan.sizes
    assert [launch.blocks[0] for launch in plan.at({n: 130}).launches] in ([3], [17, 17])
    assert all(s.check("opencl"))
    assert ".entry" in s.code("ptx")


def test_arrays_that_disagree_on_a_size_are_refused() -> None:
    f = any_length().build("opencl")
    result = np.zeros(7, np.int32)
    with pytest.raises(UsageError, match=r"B has shape \(7,\) where n = 8 from A"):
        f(np.zeros(8, np.int32), result)
    f(np.arange(7, dtype=np.int32), result)
    assert (result == 2 * np.arange(7) + 1).all()


def test_sizes_that_must_be_known_before_are_said() -> None:
    n = t.var("n")
    a = t.placeholder((n, 8), name="A")
    b = t.compute((n, 8), lambda y, x: a[y, x] * 2, name="B")
    s = t.create_schedule(t.compute((n, 8), lambda y, x: b[y, x] + 1, name="C"))
    s["C"].bind("y", "blockIdx.x")
    with pytest.raises(TargetError, match="over sizes, and a part runs on the host; "):
        s.code("opencl")
    with pytest.raises(t.ScheduleError, match="the extent of y is not known"):
        s["B"].bind("y", "threadIdx.x")


@pytest.mark.parametrize("make", [row_sums, two_hops])
def test_what_threads_hand_on_is_exact(make: Callable[[], t.Schedule]) -> None:
    assert all(make().check("opencl"))


def test_vectors_and_what_does_not_fill_them() -> None:
    a = t.placeholder((6, 40), name="A")
    s = t.create_schedule(t.compute((6, 40), lambda y, x: t.exp(a[y, x]) - a[y, 39 - x], name="B"))
    s["B"].split("x", 8)
    s["B"].bind("y", "blockIdx.x")
    s["B"].bind("xo", "threadIdx.x")
    s["B"].vectorize("xi")
    text = s.code("opencl")
    assert "vload4" in text
    assert "vstore4" in text
    assert all(s.check("opencl"))


@pytest.mark.parametrize(("columns", "is_row"), [(36, True), (35, False)])
def test_lanes_are_neighbours_where_digits_of_their_number_are(columns: int, is_row: bool) -> None:
    """Read under another shape rows follow each other; with a gap after each they do not."""
    a = t.placeholder((4, 36), name="A")
    flat = t.compute(
        (4 * columns,), lambda i: a[i // columns, i % columns // 5 * 5 + i % columns % 5], name="B"
    )
    s = t.create_schedule(flat)
    outer, lanes = s["B"].split("i", 4)
    s["B"].bind(outer, "threadIdx.x")
    s["B"].vectorize(lanes)
    assert ("vload4" in s.code("opencl")) == is_row
    assert all(s.check("opencl"))


def host_in_between() -> t.Schedule:
    """Three stages, of which the middle one is not bound."""
    a = t.placeholder((16,), name="A")
    b = t.compute((16,), lambda i: a[i] * 2, name="B")
    c = t.compute((16,), lambda i: b[15 - i] + 1, name="C")
    s = t.create_schedule(t.compute((16,), lambda i: c[i] * 3, name="D"))
    for name in "BD":
        s[name].split("i", 4)
        s[name].bind("io", "blockIdx.x")
        s[name].bind("ii", "threadIdx.x")
    return s


def test_parts_that_are_not_bound_run_on_the_host_in_between() -> None:
    s = host_in_between()
    text = s.code("opencl")
    assert text.count("__kernel") == 2
    assert '{"host": "D_host0", "target": "cpu", "arguments": ["B", "C"], "outputs": 1}' in text
    assert all(s.check("opencl"))


def test_a_call_bound_to_its_arrays_tells_the_device_s_own_time() -> None:
    kernel = uneven_elementwise().build("opencl")._kernel
    a, result = np.ones(1000, np.float32), np.zeros(1000, np.float32)
    call = kernel.prepare(a, result)
    assert isinstance(call, DeviceBoundCall)
    seconds = call.device_seconds()
    assert seconds is not None
    assert seconds > 0
    call.download()
    assert (result == 3).all()


def test_times_of_a_function_are_the_device_s(monkeypatch: pytest.MonkeyPatch) -> None:
    told = [1e-3 * n for n in range(1, 1000)]
    monkeypatch.setattr(OpenClMachine, "seconds_of", lambda self, run: run() or told.pop(0))
    f = uneven_elementwise().build("opencl")
    a, result = np.ones(1000, np.float32), np.zeros(1000, np.float32)
    timing = f.time(a, result, protocol=Protocol(min_repeat_s=0.0, max_repeats=5))
    assert timing.times_s == (0.001, 0.002, 0.003, 0.004, 0.005)[: len(timing.times_s)]


def test_what_the_host_does_in_between_is_in_the_time() -> None:
    kernel = host_in_between().build("opencl")._kernel
    call = kernel.prepare(np.ones(16, np.float32), np.zeros(16, np.float32))
    assert call.device_seconds() is None


def test_lines_lead_back_to_the_program() -> None:
    s = tiled_matmul()
    program = str(s).splitlines()
    linked = {text.strip(): program[n - 1] for text, n in s.code_lines("opencl") if n}
    update = next(text for text in linked if "C_tile + " in text)
    assert 'with block("C"' in linked[update]
    assert not any("//@" in text for text, _ in s.code_lines("opencl"))


def test_kernels_beyond_the_limits_are_refused() -> None:
    launch = Launch("C_kernel", (1, 1, 1), (8, 8, 1), ("A",), ("A",), 2048)
    device = SimpleNamespace(
        name="small", max_work_group_size=64, max_work_item_sizes=(64, 64, 64), local_mem_size=4096
    )
    refuse_beyond(launch, device)
    device.local_mem_size = 1024
    with pytest.raises(TargetError, match="keeps 2048 bytes in shared memory, and small has 1024"):
        refuse_beyond(launch, device)
    device.max_work_item_sizes = (64, 4, 64)
    with pytest.raises(TargetError, match=r"along threadIdx.y than small takes"):
        refuse_beyond(launch, device)
    device.max_work_group_size = 32
    with pytest.raises(TargetError, match="has 64 threads a block, and small runs at most 32"):
        refuse_beyond(launch, device)


def test_memory_that_the_device_lacks_is_said() -> None:
    with pytest.raises(TargetError, match="has no memory for 1125899906842624 bytes"):
        machine(0).allocate(1 << 50)


def test_no_memory_for_an_intermediate_leaves_all_as_it_was() -> None:
    a = t.placeholder((8,), name="A")
    p = t.compute((1 << 24, 1 << 15), lambda i, j: a[j % 8] * 2.0, name="P")
    s = t.create_schedule(t.compute((8,), lambda i: p[i, i] + 1.0, name="C"))
    s["P"].bind("i", "blockIdx.x")
    s["C"].bind("i", "threadIdx.x")
    given, result = np.ones(8, np.float32), np.full(8, 7, np.float32)
    f = s.build("opencl")
    for _ in range(2):
        with pytest.raises(TargetError, match="has no memory for 2199023255552 bytes: a buffer"):
            f(given, result)
    assert (result == 7).all()
    assert all(tiled_matmul().check("opencl"))


def test_threads_see_what_others_wrote_exactly() -> None:
    a = np.random.default_rng(0).integers(-(2**31), 2**31, (4, 32), np.int32)
    result = np.zeros_like(a)
    reversed_rows().build("opencl")(a, result)
    assert (result == ((a + np.int32(1)) * np.int32(2))[:, ::-1]).all()


@pytest.mark.parametrize("dtype", ["int8", "int64", "uint8", "float64", "bfloat16"])
def test_dtypes_in_an_uneven_grid(dtype: str) -> None:
    assert all(uneven_elementwise(101, 16, dtype).check("opencl"))


def test_refused_arrays_leave_all_as_it_was() -> None:
    f = uneven_elementwise().build("opencl")
    result = np.zeros(1000, np.float32)
    with pytest.raises(TargetError, match="expects A: float32"):
        f(np.zeros(1000), result)
    frozen = np.zeros(1000, np.float32)
    frozen.flags.writeable = False
    with pytest.raises(TargetError, match="read-only"):
        f(np.zeros(1000, np.float32), frozen)
    assert not result.any()


def test_a_compiler_that_refuses_is_quoted() -> None:
    s = uneven_elementwise()
    text = s.code("opencl").replace("get_group_id", "no_such_function")
    signature = s.build("opencl").signature
    with pytest.raises(TargetError, match=r"refused the kernel: .*no_such_function"):
        t.targets.get("opencl").build(text, signature)


def test_there_is_no_device_of_that_number() -> None:
    with pytest.raises(TargetError, match="There is no OpenCL device 77"):
        uneven_elementwise().build({"name": "opencl", "number": 77})


def test_a_constant_is_prepared_on_the_device() -> None:
    A = t.placeholder((4, 8), name="A")
    W = t.placeholder((8,), name="W", constant=True)
    doubled = t.compute((8,), lambda j: W[j] * 2.0, name="D")
    s = t.create_schedule(t.compute((4, 8), lambda i, j: A[i, j] * doubled[j], name="C"))
    for block, loop in (("D", "j"), ("C", "i")):
        s[block].bind(loop, "threadIdx.x")
    f, rng = s.build("opencl"), np.random.default_rng(0)
    a, w, out = rng.random((4, 8), np.float32), rng.random(8, np.float32), np.empty((4, 8), "f4")
    prepared = f.prepare(W=w)
    f(a, 0 * w, out)
    assert not out.any()
    prepared(a, out)
    np.testing.assert_allclose(out, a * (2 * w))
