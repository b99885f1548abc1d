"""Lowering over sizes: whole tiles run without a test, storage is no larger than it must be."""

from __future__ import annotations

import tvmlab as t
from tvmlab.ir.program import For, If, Program, Stmt
from tvmlab.ir.verify import verify
from tvmlab.ir.walk import stmts, sub_stmts
from tvmlab.lower.pipeline import lower


def product() -> t.Schedule:
    m, n, k = t.var("m"), t.var("n"), t.var("k")
    a, b = t.placeholder((m, k), name="A"), t.placeholder((k, n), name="B")
    r = t.reduce_axis((0, k), name="r")
    c = t.compute((m, n), lambda y, x: t.sum(a[y, r] * b[r, x], axis=r), name="C")
    d = t.compute((m, n), lambda y, x: c[y, x] + 1.0, name="D")
    return t.create_schedule(d)


def first_tile(program: Program) -> Stmt:
    """What the first branch of each tail's test runs."""
    found: Stmt = program.body
    while any(isinstance(s, If) and s.otherwise is not None for s in stmts(found)):
        found = next(s.then for s in stmts(found) if isinstance(s, If) and s.otherwise is not None)
    return found


def test_whole_tiles_have_no_test_and_live_in_registers() -> None:
    s = product()
    yo, xo, yi, xi = s["C"].tile("y", "x", 6, 16)
    s["C"].reorder(yo, xo, "r", yi, xi)
    s["C"].unroll(yi)
    s["C"].vectorize(xi)
    text = str(s.lowered())
    assert "if yo < m // 6:" in text
    assert "if xo < n // 16:" in text
    tile = first_tile(s.lowered())
    assert not any(isinstance(x, If) for x in stmts(tile))
    shown = [line.strip() for line in text.splitlines()]
    inner = "C_tile[yi, ramp(0, 16)] + A[yo * 6 + yi, r] * B[r, ramp(xo * 16, 16)]"
    assert f"C_tile[yi, ramp(0, 16)] = {inner}" in shown


def test_a_tile_that_surely_fits_has_no_tail() -> None:
    n = t.var("n")
    a, z = t.placeholder((n * 16,), name="A"), t.placeholder((n,), name="Z")
    s = t.create_schedule(t.compute((n * 16,), lambda x: a[x] + z[x // 16], name="B"))
    s["B"].vectorize(s["B"].split("x", 8)[1])
    assert not any(isinstance(x, If) for x in stmts(s.lowered().body))


def test_an_intermediate_shrinks_to_a_tile_of_known_size() -> None:
    s = product()
    yo, xo, _, _ = s["D"].tile("y", "x", 4, 8)
    s["C"].compute_at("D", xo)
    program = s.lowered()
    assert [b.extents for b in program.buffers] == [(4, 8)]
    s["D"].parallel(yo)
    program = s.lowered()
    assert [b.shape[1:] for b in program.buffers] == [(4, 8)]
    assert str(program).count("C = allocate(float32[(m + 3) // 4, 4, 8])") == 1


def test_every_loop_has_an_iteration_at_least() -> None:
    s = product()
    for block in ("C", "D"):
        s[block].split("x", 5)
        s[block].split("y", 3)
    program = lower(s.mod)
    verify(program, scheduled=False)
    extents = [str(x.extent) for x in stmts(program.body) if isinstance(x, For)]
    assert "((n + 4) // 5)" in extents
    assert not any("- 1" in e for e in extents)
    assert all(sub_stmts(x) for x in stmts(program.body) if isinstance(x, If))
