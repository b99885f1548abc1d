"""Recurrences: what the naive program is, what NumPy says, JSON, and what is refused."""

from __future__ import annotations

import random
import re

import numpy as np
import pytest

import tvmlab as t
from tests.fuzz.recurrences import random_recurrence
from tvmlab.errors import ExpressionError, TraceError
from tvmlab.ir import equal
from tvmlab.ir.interpret import interpret
from tvmlab.te.evaluate import evaluate, input_names, random_inputs
from tvmlab.te.naive import lower_naive
from tvmlab.te.serial import from_json, to_json
from tvmlab.te.tensor import Tensor

T, N = 7, 5


def gated() -> tuple[Tensor, ...]:
    """`(h, gate, update)`: a state, what its cell computes of it, and its update."""
    X = t.placeholder((T, N), name="X")
    W = t.placeholder((N, N), name="W")
    state = t.placeholder((T, N), name="h")
    k = t.reduce_axis((0, N), "k")
    gate = t.compute((T, N), lambda s, i: t.sum(W[i, k] * state[s - 1, k], axis=k), name="g")
    update = t.compute((T, N), lambda s, i: t.tanh(gate[s, i] + X[s, i]), name="u")
    init = t.compute((1, N), lambda s, i: 0.5, name="h0")
    return t.scan(init, update, state, inputs=[X, W]), gate, update


def test_one_loop_over_the_steps_goes_around_the_cell() -> None:
    h, _, _ = gated()
    assert str(lower_naive([h])) == (
        "def h(W: float32[5, 5], X: float32[7, 5], h: float32[7, 5]):\n"
        "    g = allocate(float32[6, 5])\n"
        "    for s in range(1):\n"
        "        for i in range(5):\n"
        '            with block("h0", vs=spatial(s, 1), vi=i):\n'
        "                h[vs, vi] = 0.5\n"
        "    for s in range(6):\n"
        "        for i in range(5):\n"
        "            for k in range(5):\n"
        '                with block("g", vs=s, vi=i, vk=reduce(k)):\n'
        "                    with init():\n"
        "                        g[vs, vi] = 0.0\n"
        "                    g[vs, vi] = g[vs, vi] + W[vi, vk] * h[vs, vk]\n"
        "        for i in range(5):\n"
        '            with block("u", vs=s, vi=i):\n'
        "                h[vs + 1, vi] = tanh(g[vs, vi] + X[vs + 1, vi])"
    )


def test_the_reference_is_the_loop_a_user_would_write() -> None:
    h, _, _ = gated()
    given = random_inputs(h, 3)
    (found,) = evaluate(h, given)
    expected = np.full((T, N), 0.5)
    for s in range(1, T):
        expected[s] = np.tanh(given["W"].astype(float) @ expected[s - 1] + given["X"][s])
    np.testing.assert_allclose(found.value, expected, rtol=1e-12)
    assert (found.bound[1:] > 0).all()
    assert (found.bound < 1e-3).all()
    out = np.empty((T, N), np.float32)
    interpret(lower_naive([h]), [given["W"], given["X"], out])
    assert (np.abs(out - expected) <= found.bound).all()


def test_two_states_and_a_step_two_back() -> None:
    """Fibonacci numbers, and their running sum from the new value."""
    f, total = (t.placeholder((9,), "int64", n) for n in ("f", "sum"))
    start = t.compute((2,), lambda s: s, name="f0")
    zero = t.compute((2,), lambda s: s, name="sum0")
    step = t.compute((9,), lambda s: f[s - 1] + f[s - 2], name="step")
    add = t.compute((9,), lambda s: total[s - 1] + step[s], name="add")
    out = t.scan([start, zero], [step, add], [f, total])
    assert isinstance(out, list)
    found = evaluate(out, {})
    assert found[0].value.tolist() == [0, 1, 1, 2, 3, 5, 8, 13, 21]
    assert found[1].value.tolist() == [0, 1, 2, 4, 7, 12, 20, 33, 54]
    assert all(t.create_schedule(out).check()), "compiled"


def test_an_init_may_be_handed_in_and_used_elsewhere() -> None:
    first = t.placeholder((1, N), name="first")
    doubled = t.compute((1, N), lambda s, i: first[s, i] * 2, name="d")
    outs = []
    for n, init in enumerate((first, doubled, doubled)):
        state = t.placeholder((T, N), name=f"h{n}")
        update = t.compute((T, N), lambda s, i, h=state: h[s - 1, i] + 1, name=f"u{n}")
        outs.append(t.scan(init, update, state))
    y = t.compute((T, N), lambda s, i: outs[0][s, i] + outs[1][s, i] + doubled[0, i], name="y")
    given = {"first": np.arange(N, dtype=np.float32)[None]}
    found = evaluate([y, outs[2]], given)
    steps, base = np.arange(T)[:, None], given["first"]
    np.testing.assert_allclose(found[0].value, base * 5 + 2 * steps)
    np.testing.assert_allclose(found[1].value, base * 2 + steps)
    assert list(input_names([y, outs[2]])) == ["first"]


def test_axes_and_stages_are_named_as_ever() -> None:
    h, gate, update = gated()
    s = t.create_schedule(h)
    assert s[gate].loops[0] == "s"
    assert str(s[h].loops) == str(s[update].loops)
    s[update].split(update.axis[1], 2)
    s[gate].split(gate.reduce_axes[0], 2)
    s[h].parallel("io")
    assert "for io in parallel(3):" in str(s)
    assert "for ko in range(3):" in str(s)


@pytest.mark.parametrize("seed", range(40))
def test_json_and_the_interpreter_agree(seed: int) -> None:
    outputs = [random_recurrence(random.Random(seed))]
    again = from_json(to_json(outputs))
    assert equal(lower_naive(again), lower_naive(outputs))
    assert to_json(again) == to_json(outputs)


def test_json_with_parts_that_are_no_recurrence_is_refused() -> None:
    h, _, _ = gated()
    plain = to_json(h)
    scan = next(e for e in plain["tensors"] if "scan" in e)
    scan["scan"]["state"] = scan["scan"]["init"]
    with pytest.raises(TraceError, match=r"h0 must be a t\.placeholder"):
        from_json(plain)
    scan["scan"] = {"init": [0]}
    with pytest.raises(TraceError, match="lacks 'update'"):
        from_json(plain)


def _parts(
    read=lambda h, s, i: h[s - 1, i],
    *,
    first=1,
    shape=(T, N),
    dtype="float32",
    init=lambda s, i: 0.0,
):
    state = t.placeholder(shape, dtype, "h")
    update = t.compute((T, N), lambda s, i: read(state, s, i), name="u")
    return t.compute((first, N), init, name="h0"), update, state


def _cell_of_another_step():
    state = t.placeholder((T, N), name="h")
    other = t.compute((T, N), lambda s, i: state[s - 1, i], name="g")
    update = t.compute((T, N), lambda s, i: other[s // 2, i], name="u")
    return t.scan(t.compute((1, N), lambda s, i: 0.0, name="h0"), update, state)


def _flat_cell():
    state = t.placeholder((T, N), name="h")
    flat = t.compute((N,), lambda i: state[3, i], name="g")
    update = t.compute((T, N), lambda s, i: flat[i], name="u")
    return t.scan(t.compute((1, N), lambda s, i: 0.0, name="h0"), update, state)


def _nested():
    outer = t.placeholder((T, N), name="outer")
    inner = t.placeholder((T, N), name="inner")
    init = t.compute((1, N), lambda s, i: 0.0, name="z")
    step = t.compute((T, N), lambda s, i: inner[s - 1, i] + outer[s, i], name="step")
    within = t.scan(init, step, inner)
    update = t.compute((T, N), lambda s, i: within[s, i], name="u")
    return t.scan(init, update, outer)


def _looks_inside():
    h, gate, _ = gated()
    return t.create_schedule([h, t.compute((T, N), lambda s, i: gate[s, i], name="y")])


def _two_of_one_state():
    init, update, state = _parts()
    other = t.compute((T, N), lambda s, i: state[s - 1, i] * 2, name="v")
    a, b = t.scan(init, update, state), t.scan(init, other, state)
    return t.create_schedule(t.compute((T, N), lambda s, i: a[s, i] + b[s, i], name="y"))


REFUSED = {
    "reads now": (lambda: t.scan(*_parts(lambda h, s, i: h[s, i])), "is not surely before step s"),
    "reads later": (
        lambda: t.scan(*_parts(lambda h, s, i: h[T - 1 - s, i])),
        "is not surely before step s",
    ),
    "two back": (lambda: t.scan(*_parts(lambda h, s, i: h[s - 2, i])), "from -1 to 4, outside"),
    "all given": (lambda: t.scan(*_parts(first=T)), "gives all 7 steps"),
    "dtypes": (lambda: t.scan(*_parts(dtype="float64")), "h is float64, its init float32"),
    "shapes": (lambda: t.scan(*_parts(shape=(T, N + 1))), r"h has shape \[7, 6\]"),
    "count": (lambda: t.scan([], [], []), "one of each for every state"),
    "no tensor": (lambda: t.scan(1, 2, 3), "takes tensors, not 1"),
    "order": (lambda: t.scan(*reversed(_parts())), "in this order"),
    "inputs": (
        lambda: t.scan(*_parts(), inputs=[t.placeholder((3,), name="Z")]),
        "its cell does not read it",
    ),
    "twice": (lambda: t.scan(*([p, p] for p in _parts())), "one state or update twice"),
    "another step of the cell": (_cell_of_another_step, "of other steps only states are kept"),
    "no steps": (_flat_cell, r"shape \[5\]; its first dimension must be the 7 steps"),
    "nested": (_nested, "scans do not nest"),
    "looks inside": (_looks_inside, "g is part of the scan of h"),
    "two scans of a state": (_two_of_one_state, "h is part of the scan of h"),
    "not given to scan": (
        lambda: t.create_schedule(_parts()[1]),
        r"u reads h at index 0 from -1 to 5, outside 0\.\.6; give it to t.scan, guard it",
    ),
    "no dimension": (
        lambda: t.scan(
            t.compute((), lambda: 0.0, name="i"),
            t.compute((), lambda: 0.0, name="u"),
            t.placeholder((), name="h"),
        ),
        "no dimension for the steps",
    ),
    "steps of a size": (
        lambda: t.scan(
            t.compute((1,), lambda s: 0.0, name="i"),
            t.compute((t.var("n"),), lambda s: 0.0, name="u"),
            t.placeholder((t.var("n"),), name="h"),
        ),
        "a scan has a known number",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_in_one_sentence(case: str) -> None:
    call, said = REFUSED[case]
    with pytest.raises(ExpressionError, match=said) as caught:
        call()
    assert "\n" not in str(caught.value)
    assert re.search(r"[.]$", str(caught.value))
