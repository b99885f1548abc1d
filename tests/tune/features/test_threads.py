"""What models see of GPU programs: small kernels counted by hand, larger ones by the analyses."""

from __future__ import annotations

import numpy as np
import pytest

import tvmlab as t
from tests.ops.shapes import scheduled
from tvmlab import ops
from tvmlab.analysis.bank_conflicts import BankConflicts, bank_conflicts
from tvmlab.analysis.coalescing import Coalescing, coalescing
from tvmlab.analysis.kernel_accesses import kernel_accesses
from tvmlab.schedule import Schedule
from tvmlab.tune.features import FEATURES, program_features
from tvmlab.tune.features.program import KINDS
from tvmlab.tune.features.scale import plain
from tvmlab.tune.features.statement import read


def seen(schedule: Schedule) -> dict[str, float]:
    """The columns of a program by name, logarithms undone."""
    kind = KINDS["threads"]
    (row,) = program_features("threads", [schedule.mod])
    pairs = zip(kind.columns, row, strict=True)
    return {c.name: round(plain(float(value), c.unit)[0], 2) for c, value in pairs}


def copy(at: str, dtype: str = "float32", vector: int = 1) -> Schedule:
    """B[y, x] = A[at], a block of 64 threads for each y."""
    a = t.placeholder((8, 256), dtype, name="A") if at != "x, y" else t.placeholder((256, 8), dtype)
    picked = {"y, x": lambda y, x: a[y, x], "x, y": lambda y, x: a[x, y], "y": lambda y, x: a[y, 0]}
    s = t.create_schedule(t.compute((8, 256), picked[at], name="B", axes=("y", "x")))
    stage = s["B"]
    if vector > 1:
        _, lanes, parts = stage.split("x", factors=(None, 64, vector))
        stage.vectorize(parts)
    else:
        _, lanes = stage.split("x", 64)
    stage.bind("y", "blockIdx.x")
    stage.bind(lanes, "threadIdx.x")
    return s


@pytest.mark.parametrize(
    ("schedule", "sectors", "step", "requests"),
    [
        (copy("y, x"), 4, 1, 8 * 2 * 4),
        (copy("y, x", "float16"), 2, 1, 8 * 2 * 4),
        (copy("y, x", vector=4), 16, 4, 8 * 2),
        (copy("x, y"), 32, 8, 8 * 2 * 4),
        (copy("y"), 1, 0, 8 * 2),
    ],
    ids=["side by side", "narrow", "vectors", "columns", "one for all"],
)
def test_a_warp_touches_as_many_sectors_as_one_counts(
    schedule: Schedule, sectors: int, step: int, requests: int
) -> None:
    found = seen(schedule)
    load = "statement 0 access 1"
    assert found[f"{load} sectors"] == sectors
    assert found[f"{load} lane step"] == step
    assert found[f"{load} requests"] == requests
    assert found[f"{load} is in global memory"] == 1
    assert (found["threads"], found["blocks"]) == (64, 8)
    assert found["resident blocks"] == 32
    assert found["occupancy"] == 1
    assert found["occupancy is limited by blocks"] == 1
    assert found["waves"] == round(8 / (32 * 108), 2)
    stored = (16 if "vectorized" in str(schedule.mod) else 4) * 32
    size = 2 if "float16" in str(schedule.mod) else 4
    traffic = 8 * 256 * size + requests * sectors * 32
    assert stored
    assert found["global traffic"] == pytest.approx(traffic, rel=1e-5)


def test_columns_of_a_square_in_shared_memory_meet_in_one_bank_unless_rows_move_apart() -> None:
    a = t.placeholder((32, 32), name="A")
    s = t.create_schedule(t.compute((32, 32), lambda y, x: a[x, y], name="B", axes=("y", "x")))
    s["B"].cache_read("A")
    s["B"].add_unit_loop("y")
    outer = str(s["B"].loops[0])
    s["B"].bind(outer, "blockIdx.x")
    s["A_cache"].compute_at("B", outer)
    for block in ("A_cache", "B"):
        s[block].bind(str(s[block].loops[-1]), "threadIdx.x")
    s["A_cache"].set_scope("A_cache", "shared")
    ways = "statement 1 access 1 bank ways"
    assert seen(s)[ways] == 32
    assert seen(s)["shared memory"] == 32 * 32 * 4
    s["A_cache"].storage_align("A_cache", 0, 32, 1)
    assert seen(s)[ways] == 1
    assert seen(s)["shared memory"] == 32 * 33 * 4


def turned(rows: int, columns: int, dtype: str, *lanes: int) -> Schedule:
    """Two matrices turned by way of shared memory, of which the lanes of a warp read columns."""
    a = t.placeholder((2, rows, columns), dtype, name="A")
    shape, axes = (2, columns, rows), ("b", "y", "x")
    s = t.create_schedule(t.compute(shape, lambda b, y, x: a[b, x, y], name="B", axes=axes))
    s["B"].cache_read("A")
    s["B"].bind("b", "blockIdx.x")
    s["A_cache"].compute_at("B", "b")
    down, across = s["B"].split("x", lanes[0]), s["B"].split("y", lanes[1])
    s["B"].reorder(across[0], down[0], across[1], down[1])
    s["B"].bind(down[1], "threadIdx.x")
    s["B"].bind(across[1], "threadIdx.y")
    s["A_cache"].set_scope("A_cache", "shared")
    return s


@pytest.mark.parametrize("lanes", [(32, 1), (16, 2), (8, 4), (4, 8)])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("columns", [8, 32, 48, 64])
def test_conflicts_behind_a_swizzle_are_those_that_the_analysis_counts(
    columns: int, dtype: str, lanes: tuple[int, int]
) -> None:
    plain_one = seen(turned(32, columns, dtype, *lanes))
    for chunk in (1, 2, 4, 8):
        s = turned(32, columns, dtype, *lanes)
        s["A_cache"].swizzle("A_cache", chunk)
        (told,) = [
            found
            for what in kernel_accesses(s.mod)
            if not what.access.is_write and isinstance(found := bank_conflicts(what), BankConflicts)
        ]
        found = seen(s)
        load = next(
            f"statement {n} access 1"
            for n in range(2)
            if found[f"statement {n} access 1 is in shared memory"]
        )
        ways = found[f"{load} bank ways"]
        assert ways == told.ways
        assert found["shared memory"] == plain_one["shared memory"]
        lost = (ways - 1) * found[f"{load} requests"] * max(1, {"float64": 2}.get(dtype, 1))
        assert found["bank conflicts"] == pytest.approx(lost, rel=1e-4)


def test_a_swizzle_takes_the_conflicts_of_a_square_away_and_changes_nothing_else() -> None:
    s = turned(32, 32, "float32", 32, 1)
    before = seen(s)
    s["A_cache"].swizzle("A_cache", 1)
    after = seen(s)
    told = {name for name in before if before[name] != after[name]}
    ways = next(name for name in told if name.endswith("bank ways"))
    assert (before[ways], after[ways]) == (32, 1)
    assert told == {
        ways, ways.replace("bank ways", "lane step"), "bank conflicts", "shared traffic",
        "intensity of shared memory",
    }  # fmt: skip


def changed(before: Schedule, after: Schedule) -> dict[str, tuple[float, float]]:
    """The columns that differ, with both values."""
    a, b = seen(before), seen(after)
    return {name: (a[name], b[name]) for name in a if a[name] != b[name]}


def halves(copies: int) -> Schedule:
    """A product on TensorCores whose operands are copied to shared memory in 128 / 32 steps."""
    workload = ops.matmul(128, 128, 128, dtype="float16")
    template = workload.template("cuda")
    config = {**template.default(workload.tensors), "C.k": 32, "C.copies": copies}
    return scheduled(workload, template, config)


@pytest.mark.parametrize("copies", [2, 3, 4])
def test_copies_ahead_are_told_by_stages_and_by_bytes(copies: int) -> None:
    found = changed(halves(1), halves(copies))
    panels = 2 * 16 * 32 * 2
    assert found.pop("stages in flight") == (0, copies - 1)
    assert found.pop("copies in flight") == (0, panels * (copies - 1))
    assert found.pop("shared memory") == (panels, panels * copies)
    assert all("occupancy" in name or name == "resident blocks" for name in found), found


def test_what_is_filled_ahead_without_such_copies_is_not_in_flight() -> None:
    found = []
    for is_ahead in (False, True):
        s = t.create_schedule(ops.matmul(64, 64, 64).tensors)
        stage = s["C"]
        stage.split("k", 8)
        stage.reorder("y", "x", "ko", "ki")
        stage.bind("y", "blockIdx.x")
        stage.bind("x", "threadIdx.x")
        stage.cache_read("B")
        s["B_cache"].compute_at("C", "ko")
        if is_ahead:
            s["B_cache"].double_buffer("ko", 3)
        found.append(s)
    told = changed(*found)
    assert told["stages in flight"] == (0, 2)
    assert "copies in flight" not in told


def rows(count: int) -> Schedule:
    """A copy of `count` rows of 64 in four blocks of eight rows."""
    a = t.placeholder((count, 64), name="A")
    s = t.create_schedule(t.compute((count, 64), lambda y, x: a[y, x], name="B", axes=("y", "x")))
    outer, _ = s["B"].split("y", 8)
    s["B"].bind(outer, "blockIdx.x")
    s["B"].bind("x", "threadIdx.x")
    return s


@pytest.mark.parametrize("count", range(25, 32))
def test_predicates_are_told_by_what_they_leave_out(count: int) -> None:
    found = changed(rows(32), rows(count))
    assert found.pop("guarded work") == (0, 1)
    assert found.pop("work left out") == (0, round((32 - count) / 32, 2))
    assert all("unique" in name for name in found), "the buffers are smaller by these rows"


def test_what_a_predicate_leaves_out_is_counted_through_fused_and_folded_loops() -> None:
    def left_out(s: Schedule) -> float:
        (statement,) = read(s.mod).statements
        return statement.kept

    s = t.create_schedule(ops.matmul(7, 9, 10).tensors)
    fused = s["C"].fuse("y", "x")
    s["C"].split(fused, 16)
    assert left_out(s) == 63 / 64
    _, inner = s["C"].split("k", 4)
    assert left_out(s) == 63 * 10 / (64 * 12)
    s["C"].split(inner, 3)
    assert left_out(s) == 63 * 10 / (64 * 18)


@pytest.mark.parametrize(
    "workload",
    [ops.matmul(64, 64, 64), ops.matmul(96, 80, 64, dtype="float16"), ops.transpose((64, 64))],
    ids=["matmul", "narrow", "transpose"],
)
def test_what_warps_ask_for_is_what_the_analyses_of_kernels_count(
    workload: ops.Workload,
) -> None:
    template = workload.template("cuda")
    schedule = scheduled(workload, template, template.default(workload.tensors))
    found = seen(schedule)
    accesses = [what for what in kernel_accesses(schedule.mod) if not what.instruction]
    told = [(what.memory, coalescing(what) or bank_conflicts(what)) for what in accesses]
    counted = {(m, x.per_request) for m, x in told if isinstance(x, Coalescing)}
    counted |= {(m, float(x.ways)) for m, x in told if isinstance(x, BankConflicts)}
    for s in range(2):
        for a in range(2):
            start = f"statement {s} access {a}"
            for memory, column in (("global", "sectors"), ("shared", "bank ways")):
                if found[f"{start} is in {memory} memory"] and counted:
                    value = found[f"{start} {column}"]
                    assert not accesses or "mma" in str(schedule.mod) or (memory, value) in counted
    assert found["coalescing"] > 0.5


def test_products_on_tensor_cores_are_told_by_their_share() -> None:
    narrow, wide = ops.matmul(64, 64, 64, dtype="bfloat16"), ops.matmul(64, 64, 64)
    shares = []
    for workload in (narrow, wide):
        template = workload.template("cuda")
        schedule = scheduled(workload, template, template.default(workload.tensors))
        shares.append(seen(schedule)["TensorCores"])
    assert shares[0] > 0.5
    assert shares[1] == 0


def test_programs_for_a_cpu_have_none_of_it() -> None:
    plain_one = t.create_schedule(ops.matmul(8, 8, 8).tensors)
    store = len(KINDS["store"].columns)
    (row,) = program_features("threads", [plain_one.mod])
    assert not row[store:].any()
    assert np.array_equal(row[:store], program_features("store", [plain_one.mod])[0])
    assert "threads" in FEATURES
