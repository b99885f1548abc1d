from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from tests.patience import PATIENCE_S, eventually
from tests.targets.llvm_texts import AXPY, AXPY_SIGNATURE, count_signature, count_up
from tvmlab.errors import TargetError
from tvmlab.targets import Param, Signature
from tvmlab.targets.cpu import threads
from tvmlab.targets.cpu.run import CpuKernel
from tvmlab.targets.cpu.threads import (
    available_cores,
    launch_address,
    num_threads,
    set_num_threads,
    shutdown,
)

several_cores = pytest.mark.skipif(available_cores() < 2, reason="this machine has one core")


@pytest.fixture(autouse=True)
def default_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("TVMLAB_NUM_THREADS", raising=False)
    set_num_threads(None)
    yield
    monkeypatch.undo()
    set_num_threads(None)


def counter(extent: int, nested: int = 0, static: int = 0) -> tuple[CpuKernel, np.ndarray]:
    return (
        CpuKernel(count_up(extent, nested, static), count_signature(extent, nested)),
        np.zeros(extent * max(nested, 1), np.int32),
    )


@pytest.mark.parametrize("static", [0, 1])
@pytest.mark.parametrize("extent", [0, 1, 2, 3, 7, 16, 1000, 100_003])
def test_every_iteration_runs_once(extent: int, static: int) -> None:
    kernel, counts = counter(extent, static=static)
    bound = kernel.prepare(counts)
    for _ in range(50):
        bound()
    assert (counts == 50).all()


@pytest.mark.parametrize("static", [0, 1])
def test_ten_thousand_launches(static: int) -> None:
    kernel, counts = counter(37, static=static)
    kernel.prepare(counts).repeat(10_000)
    assert (counts == 10_000).all()


def test_launches_that_find_the_workers_asleep() -> None:
    kernel, counts = counter(1000, static=1)
    for pause_s in (0.0, 0.0005, 0.001, 0.0011, 0.002, 0.005) * 20:
        time.sleep(pause_s)
        kernel(counts)
    assert (counts == 120).all()


@several_cores
def test_the_workers_take_part() -> None:
    kernel, counts = counter(1 << 22)
    before = {t.name for t in threading.enumerate()}
    shutdown()
    kernel(counts)
    assert {t.name for t in threading.enumerate()} - before <= {"tvmlab-1"} | before
    assert sum(t.name.startswith("tvmlab-") for t in threading.enumerate()) == num_threads() - 1
    eventually(lambda: len(thread_ids_of_a_loop()) > 1)  # a busy machine may wake them too late


def thread_ids_of_a_loop() -> set[int]:
    """The system's numbers of the threads that ran the iterations of slow parallel loops."""
    text = """\
define internal void @body(ptr %closure, i64 %begin, i64 %end) {
entry:
  br label %loop
loop:
  %i = phi i64 [ %begin, %entry ], [ %next, %loop ]
  %id = call i64 @pthread_self()
  %at = getelementptr i64, ptr %closure, i64 %i
  store i64 %id, ptr %at
  call i32 @usleep(i32 1000)
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %end
  br i1 %more, label %loop, label %done
done:
  ret void
}
define void @count(ptr %launch, ptr %X) {
  call void %launch(ptr @body, ptr %X, i64 32, i64 0)
  ret void
}
declare i64 @pthread_self()
declare i32 @usleep(i32)
"""
    ids = np.zeros(32, np.int64)
    CpuKernel(text, Signature("count", (Param("X", (32,), "int64", True),)))(ids)
    assert ids.all()
    return set(ids.tolist())


def pieces(static: int, extent: int) -> list[tuple[int, int]]:
    """The beginning and end of every chunk of one launch of `extent` iterations, in order."""
    text = f"""\
define internal void @body(ptr %closure, i64 %begin, i64 %end) {{
  %at = getelementptr i64, ptr %closure, i64 %begin
  store i64 %end, ptr %at
  ret void
}}
define void @note(ptr %launch, ptr %X) {{
  call void %launch(ptr @body, ptr %X, i64 {extent}, i64 {static})
  ret void
}}
"""
    ends = np.zeros(extent, np.int64)
    CpuKernel(text, Signature("note", (Param("X", (extent,), "int64", True),)))(ends)
    return [(begin, int(end)) for begin, end in enumerate(ends) if end]


def test_static_chunks_are_one_even_share_a_thread() -> None:
    threads = num_threads()
    found = pieces(1, 1001)
    assert len(found) == threads
    sizes = [end - begin for begin, end in found]
    assert sizes == [1001 // threads + (i < 1001 % threads) for i in range(threads)]


@several_cores
def test_dynamic_chunks_shrink() -> None:
    found = pieces(0, 1001)
    assert len(found) > 4 * num_threads()
    assert [b for b, _ in found[1:]] == [e for _, e in found[:-1]], "each iteration once"
    first, second = (end - begin for begin, end in found[:2])
    assert first > second >= 1


@several_cores
def test_one_thread_is_the_calling_one() -> None:
    set_num_threads(1)
    assert thread_ids_of_a_loop() == {threading.get_ident()}


def test_nested_loops_run_inline() -> None:
    kernel, counts = counter(64, nested=50)
    bound = kernel.prepare(counts)
    for _ in range(100):
        bound()
    assert (counts == 100).all()


def test_changing_the_number_of_threads() -> None:
    kernel, counts = counter(500)
    for number in (1, 2, None, 1, 10**6) * 4:
        effective = set_num_threads(number)
        assert 1 <= effective <= available_cores()
        assert num_threads() == effective
        kernel(counts)
        kernel(counts)
    assert (counts == 40).all()


def test_changing_the_number_while_others_launch() -> None:
    kernel, counts = counter(5000)
    bound = kernel.prepare(counts)
    stop, made = threading.Event(), [0]

    def launch() -> None:
        while not stop.is_set():
            bound()
            made[0] += 1

    launcher = threading.Thread(target=launch)
    launcher.start()
    for number in (1, None) * 50:
        set_num_threads(number)
    stop.set()
    launcher.join()
    assert made[0] > 0
    assert (counts == made[0]).all()


def test_launches_from_several_python_threads() -> None:
    kernels = [counter(3000) for _ in range(3)]

    def launch(kernel: CpuKernel, counts: np.ndarray) -> None:
        for _ in range(1500):
            kernel(counts)

    launchers = [threading.Thread(target=launch, args=pair) for pair in kernels]
    for t in launchers:
        t.start()
    for t in launchers:
        t.join()
    for _, counts in kernels:
        assert (counts == 1500).all()


def test_the_gil_is_free_during_a_kernel() -> None:
    kernel, counts = counter(1 << 20)
    bound = kernel.prepare(counts)
    beats, stop = [0], threading.Event()

    def beat() -> None:
        while not stop.is_set():
            beats[0] += 1
            time.sleep(0)

    def is_heard() -> bool:
        before = beats[0]
        bound.repeat(200)
        return beats[0] - before > 10

    other = threading.Thread(target=beat)
    other.start()
    try:
        eventually(is_heard)  # a busy machine may run the other thread before or after
    finally:
        stop.set()
        other.join()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_builds_its_own_pool() -> None:
    kernel, counts = counter(2000)
    bound = kernel.prepare(counts)
    bound()
    child = os.fork()
    if child == 0:
        bound()  # starts workers of the child's own
        mine = sum(t.is_alive() for t in threads._POOL.workers)
        bound.repeat(100)
        os._exit(0 if (counts == 102).all() and mine == num_threads() - 1 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    bound()
    assert (counts == 2).all(), "the parent's pool still works"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_in_the_middle_of_a_launch() -> None:
    kernel, counts = counter(1 << 18)
    bound = kernel.prepare(counts)
    launcher = threading.Thread(target=bound.repeat, args=(400,))
    launcher.start()
    codes = []
    for _ in range(5):
        child = os.fork()
        if child == 0:
            own_kernel, own = kernel, np.zeros_like(counts)
            own_kernel(own)
            os._exit(0 if (own == 1).all() else 1)
        codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    launcher.join()
    assert codes == [0] * 5
    assert (counts == 400).all()


def test_the_process_ends_with_workers_asleep_or_busy() -> None:
    script = """
import sys, threading, time
import numpy as np
from tests.targets.llvm_texts import count_signature, count_up
from tvmlab.targets.cpu.run import CpuKernel
kernel, counts = CpuKernel(count_up(1 << 20), count_signature(1 << 20)), np.zeros(1 << 20, np.int32)
bound = kernel.prepare(counts)
bound()
if sys.argv[1] == "asleep":
    time.sleep(0.01)
if sys.argv[1] == "launching":
    threading.Thread(target=bound.repeat, args=(10**9,), daemon=True).start()
    time.sleep(0.05)
print("over")
"""
    for state in ("asleep", "looking", "launching"):
        done = subprocess.run(
            [sys.executable, "-c", script, state],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,  # the launches alone would take far longer
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "over\n", ""), state


def test_the_environment_sets_the_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TVMLAB_NUM_THREADS", "1")
    assert num_threads() == 1
    assert set_num_threads(available_cores()) == available_cores(), "a call is stronger"
    set_num_threads(None)
    assert num_threads() == 1


@pytest.mark.parametrize("value", [0, -3, "two", 1.5])
def test_impossible_numbers(value: object, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TargetError, match=r"set_num_threads\(.*give a whole number from 1 to"):
        set_num_threads(value)  # type: ignore[arg-type]
    monkeypatch.setenv("TVMLAB_NUM_THREADS", str(value))
    with pytest.raises(TargetError, match=f"TVMLAB_NUM_THREADS={value} asks"):
        num_threads()


def test_serial_kernels_start_no_threads() -> None:
    shutdown()
    CpuKernel(AXPY, AXPY_SIGNATURE)(
        np.zeros((10, 100), np.float32), np.zeros((10, 100), np.float32)
    )
    assert not threads._POOL.workers
    assert launch_address() == launch_address() != 0
