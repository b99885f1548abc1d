"""Stores that pass the caches by: where they are printed, what fences them, and what they store."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pytest

import tvmlab as t
from tvmlab.ir.arrays import empty
from tvmlab.lower import lower
from tvmlab.targets.cpu.emit import emit
from tvmlab.targets.cpu.run import CpuKernel
from tvmlab.targets.target import Signature

HINT = ", !nontemporal !"


@dataclass(frozen=True)
class Machine:
    """A processor to print for."""

    instruction_sets: tuple[str, ...]
    llvm_cpu: str = "x86-64-v3"
    vector_bits: int = 256
    has_fma: bool = True


X86, ARM, OTHER = Machine(("SSE4.2",)), Machine(("NEON",)), Machine(())


def _doubled(rows: int = 6, columns: int = 64, lanes: int = 16) -> t.Schedule:
    """Twice a matrix, by rows, in vectors that pass the caches by."""
    a = t.placeholder((rows, columns), name="A")
    s = t.create_schedule(t.compute((rows, columns), lambda y, x: a[y, x] * 2.0, name="B"))
    xo, xi = s["B"].split("x", lanes)
    s["B"].vectorize(xi)
    s["B"].annotate(xo, "nontemporal", "B")
    return s


def _text(s: t.Schedule, machine: Machine = X86) -> str:
    return emit(lower(s.mod), machine)


def _stores(text: str) -> list[str]:
    return re.findall(r"^  store <.*$", text, re.MULTILINE)


def test_the_loop_stands_for_each_width_that_a_store_past_the_caches_may_have() -> None:
    """Whole registers, 16 bytes, and anywhere: the last is stored as ever."""
    stores = _stores(_text(_doubled()))
    assert [HINT in line for line in stores] == [True, True, True, True, False, False]
    aligned = [line.split(", align ")[1].split(",")[0] for line in stores]
    assert aligned == ["32", "32", "16", "16", "4", "4"]


def test_rows_that_begin_inside_a_register_have_no_form_for_whole_ones() -> None:
    """68 floats are 17 times 16 bytes: no two rows in turn begin at multiples of 32."""
    hinted = [HINT in line for line in _stores(_text(_doubled(columns=68, lanes=4)))]
    assert hinted == [True, False]


@pytest.mark.parametrize(("machine", "fences"), [(X86, 1), (ARM, 0), (OTHER, 0)])
def test_a_fence_where_the_processor_needs_one(machine: Machine, fences: int) -> None:
    text = _text(_doubled(), machine)
    assert text.count("call void @llvm.x86.sse.sfence()") == fences
    assert (HINT in text) == (machine is not OTHER)


def test_every_share_of_a_parallel_loop_ends_with_a_fence() -> None:
    s = _doubled()
    s["B"].parallel("y")
    whole, *parts = _text(s).split("\ndefine ")[1:]
    assert "sfence" not in whole
    (share,) = [p for p in parts if HINT in p]
    assert re.search(r"call void @llvm\.x86\.sse\.sfence\(\)\n  ret void", share)


def test_a_fence_before_other_threads_start() -> None:
    """What one thread wrote is seen by all that it launches."""
    a = t.placeholder((8, 64), name="A")
    b = t.compute((8, 64), lambda y, x: a[y, x] * 2.0, name="B")
    s = t.create_schedule(t.compute((8, 64), lambda y, x: b[y, x] + 1.0, name="C"))
    xo, xi = s["B"].split("x", 16)
    s["B"].vectorize(xi)
    s["B"].annotate(xo, "nontemporal", "B")
    s["C"].parallel("y")
    text = _text(s)
    assert text.index(HINT) < text.index("sfence()") < text.index("call void %launch")


@pytest.mark.parametrize(("columns", "hinted"), [(64, True), (68, True), (66, False)])
def test_rows_that_begin_between_multiples_are_stored_as_ever(columns: int, hinted: bool) -> None:
    """66 floats are no multiple of 16 bytes: every second row would begin beside one."""
    assert (HINT in _text(_doubled(columns=columns))) == hinted


@pytest.mark.parametrize("offset", [0, 4, 16, 32, 48, 60])
@pytest.mark.parametrize("columns", [64, 66, 68, 77])
@pytest.mark.parametrize("threads", [False, True])
def test_what_is_stored(columns: int, offset: int, threads: bool) -> None:
    """Wherever the result begins, with tails and without, and not an element beside it."""
    s = _doubled(7, columns)
    if threads:
        s["B"].parallel("y")
    program = lower(s.mod)
    kernel = CpuKernel(t.targets.get("cpu").emit(program), Signature.of(program), "explore")
    a = np.random.default_rng(0).standard_normal((7, columns)).astype(np.float32)
    memory = empty(offset + a.nbytes + 64, "uint8")
    memory.fill(0x55)
    out = memory[offset : offset + a.nbytes].view(np.float32).reshape(a.shape)
    kernel(a, out)
    assert np.array_equal(out, a * 2)
    assert (memory[:offset] == 0x55).all()
    assert (memory[offset + a.nbytes :] == 0x55).all()


def test_registers_survive_the_choice() -> None:
    """A number folded around the loop is the same whichever of its two forms runs."""
    a = t.placeholder((4, 32), name="A")
    k = t.reduce_axis((0, 4), name="k")
    total = t.compute((), lambda: t.sum(a[k, 0], axis=k), name="T")
    s = t.create_schedule(t.compute((4, 32), lambda y, x: a[y, x] + total[()], name="B"))
    xo, xi = s["B"].split("x", 8)
    s["B"].vectorize(xi)
    s["B"].annotate(xo, "nontemporal", "B")
    assert s.check()
