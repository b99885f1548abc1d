"""Functions with constant inputs: prepared, called whole, timed and refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tvmlab as t
from tvmlab.analysis.work import work_of
from tvmlab.cli.speed import Speed
from tvmlab.errors import TargetError, UsageError
from tvmlab.measure.job import CandidateJob
from tvmlab.measure.outcome import Outcome
from tvmlab.measure.request import Request
from tvmlab.measure.timing import Protocol
from tvmlab.measure.turns import Turns
from tvmlab.te.serial import to_json
from tvmlab.tune.title import title
from tvmlab.view.results import Result
from tvmlab.view.run_list import rate_words

ONCE = Protocol(warmup_s=0.0, min_repeat_s=0.0, min_repeats=1, max_repeats=1, limit_s=0.0)


def layer(is_packed: bool = True, target: str = "cpu") -> t.Function:
    A, W = t.placeholder((6, 8), name="A"), t.placeholder((8, 16), name="W", constant=True)
    b = t.placeholder((16,), name="b", constant=True)
    k = t.reduce_axis((0, 8), "k")
    C = t.compute((6, 16), lambda i, j: t.sum(A[i, k] * W[k, j], axis=k), name="C")
    Y = t.compute((6, 16), lambda i, j: C[i, j] + b[j], name="Y")
    s = t.create_schedule(Y)
    if is_packed:
        s["C"].cache_read("W")
        s["W_cache"].transform_layout("W_cache", "k, j -> j // 4, k, j % 4")
    if target != "cpu":
        for name, axis in (("W_cache", "i0"), ("C", "i"), ("Y", "i")):
            if name in s.blocks:
                s[name].bind(axis, "threadIdx.x")
    return s.build(target)


def arrays(seed: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    return tuple(rng.random(s, np.float32) for s in ((6, 8), (8, 16), (16,)))


@pytest.mark.parametrize("is_packed", [True, False])
def test_a_prepared_function_is_one_of_the_other_arrays(is_packed: bool) -> None:
    f = layer(is_packed)
    a, w, b = arrays(0)
    g = f.prepare(W=w, b=b)
    assert str(g) == "Y(A: float32[6, 8], Y: float32[6, 16])"
    for seed in (0, 1):
        a, out = arrays(seed)[0], np.full((6, 16), np.nan, np.float32)
        g(a, out)
        np.testing.assert_allclose(out, a @ w + b, rtol=1e-5)
        other_w, other_b = arrays(seed + 5)[1:]
        f(a, other_w, other_b, out)
        np.testing.assert_allclose(out, a @ other_w + other_b, rtol=1e-5)


def test_what_is_made_of_a_constant_is_made_once() -> None:
    a, w, b = arrays(0)
    expected, out = a @ w + b, np.empty((6, 16), np.float32)
    g = layer().prepare(W=w, b=b)
    w[:] = 0  # the copy was made before
    g(a, out)
    np.testing.assert_allclose(out, expected, rtol=1e-5)


def test_times_say_what_they_are_without() -> None:
    (a, w, b), out = arrays(0), np.empty((6, 16), np.float32)
    f = layer()
    for timing in (f.time(a, w, b, out, protocol=ONCE),
                   f.prepare(W=w, b=b).time(a, out, protocol=ONCE)):  # fmt: skip
        assert timing.prepared == ("W",)
        assert "W prepared before" in str(timing)
    assert "prepared" not in str(layer(is_packed=False).time(a, w, b, out, protocol=ONCE))


def test_refusals_are_sentences() -> None:
    f, (a, w, b) = layer(), arrays(0)
    for given, words in (
        ({"W": w}, "without b; give all its constants: W=..., b=..."),
        ({"W": w, "b": b, "A": a}, "A is no constant of Y"),
        ({"W": w, "b": b, "V": a}, "no input 'V'; its constants are W, b"),
    ):
        with pytest.raises(UsageError, match=words.replace(".", r"\.")):
            f.prepare(**given)
    with pytest.raises(TargetError, match=r"expects W: float32\[8, 16\], but got float32\[6, 8\]"):
        f.prepare(W=a, b=b)
    with pytest.raises(TargetError, match="takes 2 arrays"):
        f.prepare(W=w, b=b)(a)
    with pytest.raises(TargetError, match="takes 4 arrays"):
        f(a)
    plain = t.compute((4,), lambda i: t.placeholder((4,), name="A")[i] + 1.0, name="B")
    with pytest.raises(UsageError, match="no constant inputs to prepare"):
        t.build(plain).prepare(A=a)


def test_a_size_that_a_constant_tells_holds_for_the_other_arrays() -> None:
    n = t.var("n")
    A, W = t.placeholder((n, 4), name="A"), t.placeholder((n, 4), name="W", constant=True)
    s = t.create_schedule(t.compute((n, 4), lambda i, j: A[i, j] + W[i, j], name="Y"))
    s["Y"].cache_read("W")
    f = t.build(s)
    a, w, out = (np.full((rows, 4), 2.0, np.float32) for rows in (5, 7, 5))
    g = f.prepare(W=w)
    for call in (lambda: g(a, out), lambda: f(a, w, out)):
        with pytest.raises(TargetError, match=r"Kernel Y: [AWY] has .* where n = \d from [AW]\."):
            call()
    g(w, out := np.zeros((7, 4), np.float32))
    assert (out == 4.0).all()


def test_a_constant_that_nothing_is_made_of_may_tell_a_size() -> None:
    n = t.var("n")
    A, V = t.placeholder((n,), name="A"), t.placeholder((4,), name="V", constant=True)
    W = t.placeholder((n,), name="W", constant=True)
    repeated = t.compute((n,), lambda i: V[i % 4], name="R")
    f = t.build(t.create_schedule(t.compute((n,), lambda i: A[i] + W[i] + repeated[i], name="Y")))
    (a, w), v = np.ones((2, 6), np.float32), np.arange(4, dtype=np.float32)
    out = np.empty(6, np.float32)
    f.prepare(W=w, V=v)(a, out)
    np.testing.assert_array_equal(out, v[np.arange(6) % 4] + 2.0)


def test_a_library_holds_the_whole_function_and_says_so(tmp_path: Path) -> None:
    f, (a, w, b), out = layer(), arrays(0), np.empty((6, 16), np.float32)
    header = f.export(tmp_path / "layer.so").read_text()
    assert "Each call makes anew what it needs of W and b" in header
    t.load(tmp_path / "layer.so")(a, w, b, out)
    np.testing.assert_allclose(out, a @ w + b, rtol=1e-5)
    with pytest.raises(TargetError, match="export the function that it was prepared from"):
        f.prepare(W=w, b=b).export(tmp_path / "prepared.so")


def test_both_halves_have_code() -> None:
    text = layer().code("llvm")
    assert "@Y_once(" in text
    assert "@Y(" in text


def test_a_check_runs_both_halves() -> None:
    A, W = t.placeholder((4,), name="A"), t.placeholder((t.var("n"),), name="W", constant=True)
    doubled = t.compute(W.shape, lambda i: W[i] * 2.0, name="D")
    s = t.create_schedule(t.compute((4,), lambda i: A[i] + doubled[0], name="B"))
    assert all(s.check(n=(1, 5)))


def test_whatever_shows_a_time_says_what_it_is_without() -> None:
    C = t.with_constants(t.ops.matmul(4, 16, 8), "B")
    state = t.create_schedule(C).state
    work = work_of(state.program)
    without = "without what is made of B once"
    assert rate_words(1e-6, work).endswith(f"GFLOP/s, {without}")
    assert Speed(state).rate(1e-6).endswith(without)
    outcome = Outcome("ok", "time", times_s=(1e-6,), verified=True)
    assert without in Result(0, state, outcome, work, None).agreement()
    assert title(to_json(C)).endswith(", B constant")
    assert "without" not in rate_words(1e-6, work_of(t.create_schedule(t.ops.matmul(4, 4, 4)).mod))


def test_a_trial_is_measured_prepared_and_verified_whole(tmp_path: Path) -> None:
    C = t.with_constants(t.ops.matmul(4, 16, 8), "B")
    s = t.create_schedule(C)
    s["C"].cache_read("B")
    steps = [step.to_json() for step in s.trace.steps]
    request = Request(to_json(C), steps, protocol=ONCE, checks=2)
    outcome = CandidateJob()(request, Turns(tmp_path / "turns", lambda stage: None), tmp_path)
    assert (outcome.status, outcome.verified) == ("ok", True), outcome
