"""How far apart neighbouring iterations of a loop access a buffer."""

from __future__ import annotations

import tvmlab.te as te
from tvmlab.analysis.executions import operations_below, repetitions
from tvmlab.analysis.strides import strides
from tvmlab.ir.expr import Expr
from tvmlab.schedule import create_schedule
from tvmlab.schedule.find import find_site
from tvmlab.te.tensor import Tensor


def test_a_stride_counts_elements_of_memory() -> None:
    a, b = te.placeholder((8, 4, 5), name="A"), te.placeholder((40,), name="B")

    def element(y: Expr, x: Expr) -> Expr:
        return a[x, 3 - y, 2] + b[x // 2] * a[0, 0, 0]

    c = te.compute((4, 8), element, name="C")
    assert _strides(c, "y") == [("C", 8), ("A", -5), ("B", 0), ("A", 0)]
    assert _strides(c, "x") == [("C", 1), ("A", 20), ("B", None), ("A", 0)], "x // 2 may stay"


def _strides(tensor: Tensor, loop: str) -> list[tuple[str, int | None]]:
    site = find_site(create_schedule(tensor).mod, tensor.name)
    assert site is not None
    at = site.loop(loop)
    assert at is not None
    return [(s.buffer.name, s.elements) for s in strides(site.block, site.loops, at)]


def test_executions_are_counted_through_splits_and_repetition() -> None:
    a = te.placeholder((66, 10), name="A")
    h = te.compute((66, 10), lambda y, x: a[y, x] + 1.0, name="H")
    v = te.compute((64, 10), lambda y, x: h[y, x] * h[y + 2, x], name="V")
    s = create_schedule(v)
    assert operations_below(s.mod.body) == 66 * 10 + 64 * 10
    s["V"].split("x", 4)
    site = find_site(s.mod, "V")
    assert site is not None
    assert repetitions(site.block, site.loops) == 1.0, "skipped iterations are none"
    s["H"].compute_at("V", "y")
    moved = find_site(s.mod, "H")
    assert moved is not None
    assert repetitions(moved.block, moved.loops) == 64 * 3 / 66
