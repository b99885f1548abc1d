"""No schedule freezes its user: what takes long is told before, can be interrupted, and ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

import tvmlab as t
from tests.patience import PATIENCE_S, eventually
from tests.targets.llvm_texts import AXPY, EXP
from tvmlab.errors import TargetError
from tvmlab.targets.cpu import emit_text
from tvmlab.targets.cpu.build import apart, compile_limit_s, patience, set_compile_limit
from tvmlab.targets.cpu.build.generate import FORMS, generate

STOPPED_CPU_S = 10.0
"""Half of what LLVM needs for either program here: whoever used less was stopped."""


@pytest.fixture(autouse=True)
def default_limit(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("TVMLAB_COMPILE_LIMIT", raising=False)
    set_compile_limit(None)
    yield
    monkeypatch.undo()
    set_compile_limit(None)


def cpu_of_children_s() -> float:
    """What the processes that this one waited for have used of processors."""
    used = os.times()
    return used.children_user + used.children_system


def product(rows: int, lanes: int) -> t.Schedule:
    """A product with a tile of rows x lanes written out: 512 x 128 takes LLVM some 20 s."""
    a, b = t.placeholder((512, 512), name="A"), t.placeholder((512, 512), name="B")
    k = t.reduce_axis((0, 512), name="k")
    s = t.create_schedule(
        t.compute((512, 512), lambda y, x: t.sum(a[y, k] * b[k, x], axis=k), name="C")
    )
    yo, xo, yi, xi = s["C"].tile("y", "x", rows, lanes)
    s["C"].reorder(yo, xo, "k", yi, xi)
    s["C"].vectorize(xi)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", t.ScheduleWarning)
        s["C"].unroll(yi)
    return s


def elementwise() -> t.Schedule:
    """512 x 128 exponentials written out, one after the other."""
    a = t.placeholder((512, 512), name="A")
    s = t.create_schedule(t.compute((512, 512), lambda y, x: t.exp(a[y, x]), name="E"))
    _, _, yi, xi = s["E"].tile("y", "x", 512, 128)
    s["E"].vectorize(xi)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", t.ScheduleWarning)
        s["E"].unroll(yi)
    return s


@pytest.mark.parametrize("silly", [lambda: product(512, 128), elementwise])
def test_what_takes_long_is_told_before_and_stopped_in_time(silly: object) -> None:
    s = silly()  # type: ignore[operator]
    (told,) = [c for c in s.cautions if c.rule == "long_compile"]
    assert told.weight > 10.0, "seconds"
    set_compile_limit(1.0)
    begin = cpu_of_children_s()
    with pytest.raises(TargetError, match=r"was stopped after 1 s.*unroll or vectorize less"):
        s.build()
    with pytest.raises(TargetError, match="was stopped after 1 s"):
        s.code("asm")
    assert cpu_of_children_s() - begin < 2 * STOPPED_CPU_S


@pytest.mark.parametrize(
    "lines",
    [
        ['s["C"].unroll("y")', 's["C"].unroll("x")'],
        ['s["C"].unroll("x")'],
        ['s["C"].vectorize("y")'],
        ['s["C"].vectorize("x")'],
    ],
)
def test_a_whole_product_written_out_is_refused_at_once(lines: list[str]) -> None:
    s = t.create_schedule(t.ops.matmul(512, 1024, 512))
    with pytest.raises(t.ScheduleError, match=r"copies of the body|lanes are more than") as caught:
        s.apply_python("\n".join(lines))
    assert caught.value.refusal.instead


INTERRUPTED = """
import signal
from tests.targets.test_cpu_patience import product
signal.signal(signal.SIGINT, signal.default_int_handler)  # some parents have it ignored
s = product(512, 128)
print("compiling", flush=True)
try:
    s.build()
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no signals to send")
def test_an_interrupt_ends_a_compilation_at_once(tmp_path: Path) -> None:
    begin = cpu_of_children_s()
    asked = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert asked.stdout is not None
    assert asked.stdout.readline() == "compiling\n"
    eventually(lambda: list(tmp_path.glob("tvmlab-build-*/asked.json")))
    time.sleep(0.5)
    asked.send_signal(signal.SIGINT)
    assert asked.stdout.readline() == "interrupted\n"
    assert asked.wait(PATIENCE_S) == 0
    assert cpu_of_children_s() - begin < STOPPED_CPU_S, "nobody waited for the compiler"
    assert not list(tmp_path.glob("tvmlab-build-*")), "nothing is left behind"


@pytest.mark.parametrize("form", FORMS)
def test_a_process_of_its_own_makes_the_same(form: str) -> None:
    for text in (AXPY, EXP):
        made = apart.generate_apart(text, "full", form, limit_s=PATIENCE_S)
        assert made == generate(text, "full", form)


def test_what_llvm_refuses_elsewhere_is_the_same_sentence() -> None:
    with pytest.raises(TargetError, match="refuses the emitted text: line 1"):
        apart.generate_apart("rubbish", "full", "object", limit_s=PATIENCE_S)


def test_a_compiler_that_dies_is_told_by_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "_PROGRAM", ["-c", "import os; os._exit(3)"])
    with pytest.raises(TargetError, match="the compiler ended with code 3"):
        apart.generate_apart(AXPY, "full", "object", limit_s=PATIENCE_S)


def test_a_compiler_does_not_outlive_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    started = []

    class Recorded(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, *args: object, **options: object) -> None:
            super().__init__(*args, **options)  # type: ignore[call-overload]
            started.append(self)

    monkeypatch.setattr(apart.subprocess, "Popen", Recorded)
    monkeypatch.setattr(apart, "_PROGRAM", ["-c", "import time; time.sleep(60)"])
    with pytest.raises(apart.OutOfTime):
        apart.generate_apart(AXPY, "full", "object", limit_s=0.3)
    (compiler,) = started
    assert compiler.poll() is not None


def test_only_what_takes_longer_than_a_moment_leaves_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left = []
    monkeypatch.setattr(patience, "generate_apart", lambda text, *_: left.append(text) or b"")
    assert patience.generate_patiently(AXPY, "explore", "object")
    assert not left
    long = AXPY + "; a line more\n" * 5000
    assert patience.expected_time_s(long, "full") > patience.MOMENT_S
    assert patience.generate_patiently(long, "explore", "object") == b""
    assert left == [long]
    monkeypatch.setattr(sys, "executable", "")
    assert patience.generate_patiently(long, "explore", "object"), "there is no one else"


def test_many_values_held_around_one_loop_take_long() -> None:
    phis = [f"  %h{i} = phi float [ 0.0, %entry ], [ %h{i}, %loop ]\n" for i in range(1000)]
    together = "".join(phis)
    apart_from_each_other = "x\n".join(phis)
    assert patience.expected_time_s(together, "full") > 0.9
    assert patience.expected_time_s(apart_from_each_other, "full") < 0.3


def test_many_loops_left_to_the_compiler_take_long() -> None:
    a, b = t.placeholder((512, 512), name="A"), t.placeholder((512, 512), name="B")
    k = t.reduce_axis((0, 512), name="k")
    s = t.create_schedule(
        t.compute((512, 512), lambda y, x: t.sum(a[y, k] * b[k, x], axis=k), name="C")
    )
    s["C"].split("x", 256)
    with pytest.warns(t.ScheduleWarning, match="some 8 s to compile"):
        s["C"].unroll("xi")
    text = s.code("llvm")
    assert 4.0 < patience.expected_time_s(text, "full") < 16.0, "measured 8.3 s"
    assert patience.expected_time_s(text, "explore") < 1.0, "which leaves loops as they are"


def test_the_emitter_stops_before_memory_is_spent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emit_text, "MAX_VALUES", 2000)
    with pytest.raises(TargetError, match=r"stopped at 2,000 instructions.*its inner part only"):
        product(512, 128).code("llvm")


def test_the_limit_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert compile_limit_s() == patience.DEFAULT_LIMIT_S
    assert set_compile_limit(2.5) == 2.5
    monkeypatch.setenv("TVMLAB_COMPILE_LIMIT", "7")
    assert compile_limit_s() == 2.5, "a call is stronger"
    assert set_compile_limit(None) == 7.0


@pytest.mark.parametrize("value", [0, -1, "soon", float("nan"), float("inf")])
def test_impossible_limits(value: object, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TargetError, match=r"set_compile_limit\(.*give a number of seconds above"):
        set_compile_limit(value)  # type: ignore[arg-type]
    monkeypatch.setenv("TVMLAB_COMPILE_LIMIT", str(value))
    with pytest.raises(TargetError, match="TVMLAB_COMPILE_LIMIT="):
        compile_limit_s()
