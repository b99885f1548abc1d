"""One refused request for each reason, by its words: asked, where, why, instead.

Each file in `refusals/` holds a request and the refusal it meets:

    # blur                      (or argmax, sized, ...; the matrix product without such a line)
    <line of schedule, after any number of legal ones>
    ---
    where: ...
    why: ...
    instead: ...
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

import tvmlab as t
from tests.schedule.weights import softmax
from tvmlab.te.tensor import Tensor

CASES = sorted((Path(__file__).parent / "refusals").glob("*.txt"))


def _matmul() -> Tensor:
    a = t.placeholder((1024, 1024), name="A")
    b = t.placeholder((1024, 1024), name="B")
    k = t.reduce_axis((0, 1024), name="k")
    return t.compute((1024, 1024), lambda y, x: t.sum(a[k, y] * b[k, x], axis=k), name="C")


def _blur() -> Tensor:
    a = t.placeholder((66, 64), name="A")
    h = t.compute((66, 64), lambda y, x: a[y, x] + 1.0, name="H")
    v = t.compute((64, 64), lambda y, x: h[y, x] + h[y + 1, x] + h[y + 2, x], name="V")
    return t.compute((64, 64), lambda y, x: v[y, x] * 2.0, name="W")


def _argmax() -> tuple[Tensor, Tensor]:
    a = t.placeholder((64, 64), name="A")
    k = t.reduce_axis((0, 64), name="k")
    index, value = t.compute((64,), lambda y: t.argmax((k, a[y, k]), axis=k), name=("I", "V"))
    return t.compute((64,), lambda y: value[y] + index[y].astype("float32"), name="S"), index


def _sized() -> Tensor:
    m, n = t.var("m"), t.var("n")
    a = t.placeholder((m, n), name="A")
    r = t.reduce_axis((0, n), name="r")
    h = t.compute((m,), lambda y: t.sum(a[y, r], axis=r), name="H")
    return t.compute((m, n), lambda y, x: a[y, x] * h[y], name="W")


def _padded() -> Tensor:
    a, w = t.placeholder((8,), name="A"), t.placeholder((3,), name="W")
    k = t.reduce_axis((0, 3), name="k")
    p = t.compute((10,), lambda i: t.select(i < 8, a[i], 0.0), name="P")
    return t.compute((8,), lambda i: t.sum(p[i + k] * w[k], axis=k), name="C")


def _late() -> Tensor:
    a, w = t.placeholder((8,), name="A"), t.placeholder((3,), name="W", finite=True)
    k = t.reduce_axis((0, 3), name="k")
    p = t.compute((10,), lambda i: t.select(i < 8, a[i], 0.0), name="P")
    return t.compute((8,), lambda i: t.sum(w[k] * w[k] * p[i + k], axis=k), name="C")


def _recurrent() -> Tensor:
    x, w = t.placeholder((6, 8), name="X"), t.placeholder((8, 8), name="W")
    state = t.placeholder((6, 8), name="h")
    k = t.reduce_axis((0, 8), name="k")
    g = t.compute((6, 8), lambda s, i: t.sum(w[i, k] * state[s - 1, k], axis=k), name="g")
    u = t.compute((6, 8), lambda s, i: t.tanh(g[s, i] + x[s, i]), name="u")
    h = t.scan(t.compute((1, 8), lambda s, i: 0.0, name="h0"), u, state)
    return t.compute((6, 8), lambda s, i: h[s, i] * 2, name="Y")


def _direct() -> Tensor:
    w, state = t.placeholder((8, 8), name="W"), t.placeholder((6, 8), name="h")
    k = t.reduce_axis((0, 8), name="k")
    u = t.compute((6, 8), lambda s, i: t.sum(w[i, k] * state[s - 1, k], axis=k), name="u")
    return t.scan(t.placeholder((1, 8), name="given"), u, state)


@pytest.mark.parametrize("case", CASES, ids=lambda p: p.stem)
def test_refusal(case: Path) -> None:
    request, _, expected = case.read_text().partition("---\n")
    *legal, asked = request.strip().splitlines()
    named = {"# blur": _blur, "# argmax": _argmax, "# sized": _sized}
    named |= {"# padded": _padded, "# late": _late}
    named |= {"# recurrent": _recurrent, "# direct": _direct}
    named |= {"# softmax": softmax, "# falling": partial(softmax, scale=-1.0)}
    s = t.create_schedule(named.get(request.partition("\n")[0], _matmul)())
    s.apply_python("\n".join(legal))
    before = s.state
    with pytest.raises(t.ScheduleError) as caught:
        s.apply_python(asked)
    refusal = caught.value.refusal
    assert s.state is before, "a refused step changes nothing"
    said = f"where: {refusal.where}\nwhy: {refusal.why}\ninstead: {refusal.instead}\n"
    assert said == expected
    assert len(refusal.why.split()) <= 25
    assert str(caught.value).count("\n") == 0


def test_there_is_a_case_for_every_step() -> None:
    from tvmlab.schedule import STEPS

    asked = {c.read_text().partition("---\n")[0].strip().splitlines()[-1] for c in CASES}
    for name in STEPS:
        assert any(f".{name}(" in line for line in asked), name
