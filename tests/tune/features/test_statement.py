"""What is read of a scheduled program, on nests small enough to count by hand."""

from __future__ import annotations

import pytest

import tvmlab as t
from tests.ops.shapes import SMALL, label, scheduled
from tvmlab import ops
from tvmlab.ops.vector_unit import AVX512
from tvmlab.tune.features.nests import nests_of
from tvmlab.tune.features.operations import OPERATIONS
from tvmlab.tune.features.statement import POSITIONS, read


def product(m: int = 8, n: int = 32, k: int = 4) -> t.Schedule:
    """A product, tiled 2 x 16."""
    s = t.create_schedule(t.ops.matmul(m, n, k))
    stage = s["C"]
    yo, yi = stage.split("y", 2)
    xo, xi = stage.split("x", 16)
    stage.reorder(yo, xo, "k", yi, xi)
    stage.unroll(yi)
    stage.vectorize(xi)
    return s


def test_a_product_is_one_statement_that_updates_its_result() -> None:
    (statement,) = read(product().mod).statements
    assert [(a.var.name, a.extent, a.kind) for a in statement.axes] == [
        ("xi", 16, "vectorized"),
        ("yi", 2, "unrolled"),
        ("k", 4, "serial"),
        ("xo", 2, "serial"),
        ("yo", 4, "serial"),
    ]
    assert [POSITIONS[a.position] for a in statement.axes] == [
        "spatial inner", "spatial outer", "reduce inner", "spatial inner", "spatial outer",
    ]  # fmt: skip
    counts = dict(zip(OPERATIONS, statement.operations, strict=True))
    assert {name for name, count in counts.items() if count} == {"float add", "float multiply"}
    assert statement.work == 2 * 8 * 32 * 4
    result, left, right = statement.accesses
    assert (result.is_read, result.is_write) == (True, True)
    assert [line.steps for line in result.lines] == [(0, 1, 0, 0, 2), (1, 0, 0, 16, 0)]
    assert [line.steps for line in left.lines] == [(0, 1, 0, 0, 2), (0, 0, 1, 0, 0)]
    assert [line.steps for line in right.lines] == [(0, 0, 1, 0, 0), (1, 0, 0, 16, 0)]


def test_products_counts_and_regions_of_a_product() -> None:
    nests = nests_of([read(product().mod)])
    assert nests.inner[0, 0].tolist() == [16, 32, 128, 256, 1024]
    assert nests.outer[0, 0].tolist() == [1024, 64, 32, 8, 4]
    assert nests.counts[0, 0, 1].tolist() == [1, 2, 8, 8, 32], "A[y, k]"
    assert nests.reuses[0, 0, 1].tolist() == [16, 16, 16, 32, 32]
    assert nests.jumps[0, 0, 2].tolist() == [1, 0, 32, 16, 0], "B[k, x] of 32 columns"
    assert nests.regions[0, 0, 0].tolist() == [16, 32, 32, 64, 256]
    assert not nests.is_there[0, 1:].any()


def test_loops_of_one_iteration_leave_no_mark() -> None:
    s = product()
    s["C"].split("k", 1)
    assert [a.extent for a in read(s.mod).statements[0].axes] == [16, 2, 4, 2, 4]


def test_what_a_layout_divides_moves_by_whole_panels() -> None:
    s = t.create_schedule(t.ops.matmul(8, 32, 4))
    s["C"].cache_read("B")
    s["B_cache"].transform_layout("B_cache", "i, j -> j // 16, i, j % 16")
    s["C"].split("x", 16)
    product, copy = read(s.mod).statements
    packed = next(a for a in product.accesses if a.buffer.name == "B_cache")
    names = [axis.var.name for axis in product.axes]
    moving = [[n for n, s in zip(names, line.steps, strict=True) if s] for line in packed.lines]
    assert moving == [["xo"], ["k"], ["xi"]]
    written = copy.accesses[0]
    assert [line.most for line in written.lines] == [float("inf"), float("inf"), 16]
    nests = nests_of([read(s.mod)])
    assert nests.regions[0, 1, 0, -1] == 32 * 4, "the whole copy, and no more"
    assert nests.scratch_bytes[0].tolist() == [0, 32 * 4 * 4]


def test_neighbours_are_one_access_and_data_may_be_any_element() -> None:
    a = t.placeholder((66,), name="A")
    s = t.create_schedule(t.compute((64,), lambda i: a[i] + a[i + 1] + a[i + 2], name="B"))
    (statement,) = read(s.mod).statements
    assert [x.buffer.name for x in statement.accesses] == ["B", "A"]
    assert nests_of([read(s.mod)]).regions[0, 0, 1].tolist() == [66]
    rows = t.placeholder((7,), "int64", name="R")
    s = t.create_schedule(t.compute((7,), lambda i: a[rows[i]], name="G"))
    nests = nests_of([read(s.mod)])
    by_name = [x.buffer.name for x in read(s.mod).statements[0].accesses]
    assert nests.regions[0, 0, by_name.index("A"), -1] == 66


@pytest.mark.parametrize("workload", SMALL, ids=label)
def test_no_statement_of_any_operator_touches_more_than_there_is(workload: ops.Workload) -> None:
    template = workload.templates["cpu"](AVX512)
    reading = read(scheduled(workload, template, template.default(workload.tensors)).mod)
    nests = nests_of([reading])
    touched = nests.regions[..., -1]
    whole = [
        [float(a.buffer.size_bytes) for a in s.accesses[: touched.shape[2]]]
        for s in reading.statements[: touched.shape[1]]
    ]
    for s, sizes in enumerate(whole):
        got = (touched * nests.element_bytes)[0, s, : len(sizes)]
        assert (got >= 1).all()
        assert (got <= sizes).all()
