"""Parallel loops: outlined, over every element once, with what the body needs from outside."""

from __future__ import annotations

import re

import numpy as np
import pytest

import tvmlab.te as te
from tests.targets.emitted import run, schedule
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Var
from tvmlab.ir.parallel_chunks import with_chunks
from tvmlab.ir.program import For, Program, Seq, Store
from tvmlab.lower import lower
from tvmlab.schedule import Schedule
from tvmlab.targets.cpu.emit import emit
from tvmlab.targets.cpu.limits import cpu_features
from tvmlab.targets.cpu.run import CpuKernel
from tvmlab.targets.cpu.threads import num_threads, set_num_threads
from tvmlab.targets.target import Signature

RNG = np.random.default_rng(2)


def product(m: int, n: int, k: int) -> tuple[te.Tensor, Schedule]:
    A, B = te.placeholder((m, k), name="A"), te.placeholder((k, n), name="B")
    r = te.reduce_axis((0, k), name="k")
    C = te.compute((m, n), lambda y, x: te.sum(A[y, r] * B[r, x], axis=r), name="C")
    return C, schedule(C)


@pytest.mark.parametrize("preset", ["explore", "full"])
@pytest.mark.parametrize("rows", [1, 2, 3, 64, 101])
def test_every_iteration_runs_once(rows: int, preset: str) -> None:
    C, s = product(rows, 24, 9)
    s[C].vectorize("x")
    s[C].parallel("y")
    a = RNG.integers(-9, 9, (rows, 9)).astype(np.float32)
    b = RNG.integers(-9, 9, (9, 24)).astype(np.float32)
    assert np.array_equal(run(s.mod, a, b, preset=preset), a @ b)


def test_a_parallel_loop_inside_serial_ones_gets_their_variables() -> None:
    C, s = product(12, 20, 6)
    yo, yi = s[C].split("y", 4)
    s[C].reorder(yo, "k", yi, "x")
    s[C].parallel(yi)
    a = RNG.integers(-9, 9, (12, 6)).astype(np.float32)
    b = RNG.integers(-9, 9, (6, 20)).astype(np.float32)
    assert np.array_equal(run(s.mod, a, b), a @ b)


def test_a_tail_stays_in_the_parallel_loop() -> None:
    C, s = product(50, 33, 7)
    yo, yi = s[C].split("y", 8)
    s[C].unroll(yi)
    s[C].parallel(yo)
    a = RNG.integers(-9, 9, (50, 7)).astype(np.float32)
    b = RNG.integers(-9, 9, (7, 33)).astype(np.float32)
    assert np.array_equal(run(s.mod, a, b), a @ b)
    assert str(lower(s.mod)).count("parallel(7)") == 1


def test_stages_in_parallel_one_after_the_other() -> None:
    X = te.placeholder((40, 8), name="X")
    j = te.reduce_axis((0, 8), name="j")
    total = te.compute((40,), lambda y: te.sum(X[y, j], axis=j), name="total")
    Y = te.compute((40, 8), lambda y, i: X[y, i] - total[y] + total[39 - y], name="Y")
    s = schedule(Y)
    for block in (total, Y):
        s[block].parallel(s[block].loops[0])
    x = RNG.integers(-9, 9, (40, 8)).astype(np.float32)
    total_of = x.sum(1, keepdims=True)
    assert np.array_equal(run(s.mod, x), x - total_of + total_of[::-1])


def test_the_body_takes_noalias_pointers_and_is_not_inlined() -> None:
    C, s = product(16, 16, 4)
    s[C].parallel("y")
    text = emit(lower(s.mod), cpu_features())
    body = re.search(r"define internal void @C_y\.\d+\((.*)\) noinline", text)
    assert body
    assert body[1].count("ptr noalias") == 3
    launch = r"call void %launch\(ptr @C_y\.\d+\.part, ptr %closure\.\d+, i64 16, i64 0\)"
    assert re.search(launch, text)


def test_the_manner_of_sharing_reaches_the_launcher() -> None:
    C, s = product(50, 16, 4)
    yo, yi = s[C].split("y", 8)
    s[C].unroll(yi)
    s[C].parallel(yo, chunks="static")
    assert 'parallel(7, chunks="static")' in str(lower(s.mod)), "tails and all"
    assert re.search(r"call void %launch\(.*, i64 7, i64 1\)", emit(lower(s.mod), cpu_features()))
    a = RNG.integers(-9, 9, (50, 4)).astype(np.float32)
    b = RNG.integers(-9, 9, (4, 16)).astype(np.float32)
    assert np.array_equal(run(s.mod, a, b), a @ b)


@pytest.mark.parametrize("chunks", ["static", "turning"])
def test_a_turning_share_is_walked_back_in_every_second_iteration(chunks: str) -> None:
    """Each iteration overwrites the one before it, which no schedule would allow, and counts."""
    Y, N = Buffer("Y", (5,), "int64"), Buffer("N", (7,), "int64")
    s, j = Var("s"), Var("j")
    counted = Store(N, (j,), Load(N, (j,)) + 1)
    share = For(j, 7, Seq([Store(Y, (s,), j), counted]), "parallel")
    program = Program("p", [Y, N], 2, [], For(s, 5, with_chunks(share, chunks)))
    last, counts = np.full(5, -1), np.zeros(7, np.int64)
    before = num_threads()
    set_num_threads(1)
    CpuKernel(emit(program, cpu_features()), Signature.of(program))(last, counts)
    set_num_threads(before)
    assert last.tolist() == ([6, 0, 6, 0, 6] if chunks == "turning" else [6] * 5)
    assert counts.tolist() == [5] * 7, "each iteration once"


def test_a_turning_loop_with_none_around_it_is_static() -> None:
    C, s = product(8, 16, 4)
    s[C].parallel("y", chunks="turning")
    a = RNG.integers(-9, 9, (8, 4)).astype(np.float32)
    b = RNG.integers(-9, 9, (4, 16)).astype(np.float32)
    assert np.array_equal(run(s.mod, a, b), a @ b)
    text = emit(lower(s.mod), cpu_features())
    assert re.search(r"call void %launch\(.*, i64 8, i64 1\)", text)
    assert "i64 %y" not in "".join(re.findall(r"select i1 .*", text))
