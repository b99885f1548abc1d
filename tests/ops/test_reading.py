"""What templates find out of how a computation reads."""

from __future__ import annotations

from tvmlab import ops, te
from tvmlab.ops.reading import follows, overlaps, reads, row_axis, runs_along, trailing_run
from tvmlab.te.graph import stages


def test_what_runs_along_memory() -> None:
    A = te.placeholder((40, 40), name="A")
    plain = te.compute((8, 8), lambda i, j: A[i, j * 2] + A[i, i], name="B")
    assert [runs_along(plain, axis) for axis in plain.axes] == [False, True]
    steep = te.compute((8, 8), lambda i, j: A[i, j * 3], name="B")
    assert not runs_along(steep, steep.axes[1])


def test_dimensions_that_are_one_in_memory() -> None:
    def of(workload: ops.Workload) -> int:
        return trailing_run(workload.tensors[0])

    assert of(ops.pointwise((2, 3, 5))) == 3
    assert of(ops.pointwise((2, 3, 5), "add", (3, 5))) == 2
    assert of(ops.pointwise((2, 3, 5), "add", (3, 1))) == 1
    assert of(ops.pointwise((2, 3, 5), "add", (1, 1, 1))) == 3
    assert of(ops.batch_norm((2, 3, 5, 7))) == 2
    assert of(ops.reshape((4, 6), (3, 8))) == 2
    assert of(ops.concat((2, 3, 4), axis=1)) == 2
    assert of(ops.strided_slice((8, 9), step=(2, 1))) == 1
    assert of(ops.pad((3, 4))) == 1
    assert of(ops.gather((9, 4, 5))) == 2


def test_rows_share_what_vectors_load() -> None:
    (conv,) = ops.conv3d(1, 4, 3, 5, 7, 6, 3, padding="VALID").tensors
    assert row_axis(conv) == 1  # output channels read the same elements of A
    (pool,) = ops.max_pool((1, 2, 8, 8)).tensors
    assert row_axis(pool) == 2  # no dimension does; windows of rows beside each other overlap
    assert overlaps(pool, 2)
    assert not overlaps(conv, 1)
    (sums,) = ops.pointwise((3, 4)).tensors
    assert row_axis(sums) is None


def test_a_stage_may_follow_one_that_reads_it_place_by_place() -> None:
    padded, pool = stages(ops.max_pool((2, 3, 8, 8), 3, 2, 1).tensors)
    assert reads(pool, padded)
    assert not reads(padded, pool)
    assert follows(padded, pool, pool.axes[:2])
    assert not follows(padded, pool, pool.axes[:3])
