"""Products of narrow numbers on TensorCores: right in every order of threads, and compiled."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import tvmlab as t
from tests.ops.shapes import assert_right, inputs_of, scheduled
from tvmlab import ops
from tvmlab.ir.dtypes import size_bytes
from tvmlab.ir.interpret_threads import interpret_threads
from tvmlab.ir.program import Invoke, Program
from tvmlab.ir.swizzle import Swizzle, swizzle_of
from tvmlab.ir.walk import stmts
from tvmlab.lower.device_pipeline import device_passes
from tvmlab.ops import Workload
from tvmlab.ops.gpu.matrix_part import MatrixPart
from tvmlab.ops.gpu.matrix_product import MatrixProduct
from tvmlab.ops.gpu.unit import UNITS
from tvmlab.schedule import Schedule, create_schedule
from tvmlab.targets.cuda.dialect import instructions_of
from tvmlab.targets.cuda.tiles import row_stride
from tvmlab.te.evaluate import random_inputs

TEMPLATE = ops.template_named("gpu/cuda")
MACHINE: Any = t.targets.get({"name": "cuda", "architecture": "sm_80"})


def before_warps(schedule: Schedule) -> Program:
    """Lowered for a device, each warp's last thread standing for it, as threads can be judged."""
    program = schedule.mod
    for step in device_passes(instructions_of((8, 0))):
        program = program if step.name == "warps" else step.run(program)
    return program


def planned(outputs: Sequence[t.Tensor], **other: Any) -> Schedule:
    """The template's schedule, some knobs of block C set: `y=(2, 16)`."""
    config = TEMPLATE.default(outputs) | {f"C.{name}": option for name, option in other.items()}
    schedule = create_schedule(outputs)
    TEMPLATE.apply(schedule, config)
    return schedule


def judge(schedule: Schedule, workload: Any, arrays: Sequence[np.ndarray]) -> set[str]:
    """What warps execute, once the results are right whichever thread comes first."""
    program = before_warps(schedule)
    for order in ("forward", 5):
        outputs = [np.full(x.extents, 77).astype(x.dtype) for x in workload.tensors]
        interpret_threads(program, [*arrays, *outputs], order)
        assert_right(workload, arrays, outputs)
    return {s.name for s in stmts(program.body) if isinstance(s, Invoke)}


EVEN = {"y": (2, 16), "x": (2, 16), "k": 32}


@pytest.mark.parametrize(
    ("workload", "other", "executed"),
    [
        (ops.matmul(64, 32, 64, dtype="float16"), EVEN, {"mma_f16", "copy_async_f16"}),
        (ops.matmul(40, 24, 50, dtype="float16"), EVEN, {"mma_f16", "mma_load_b_f16"}),
        (ops.matmul(40, 24, 56, dtype="float16"), EVEN, {"mma_f16", "copy_async_f16"}),
        (ops.matmul(33, 40, 40, transpose_a=True, dtype="int8"), EVEN, {"mma_t_s8"}),
        (ops.matmul(32, 32, 64, dtype="bfloat16"), {**EVEN, "by": "wmma"}, {"wmma_bf16"}),
        (ops.batch_matmul(2, 20, 23, 35, dtype="bfloat16"), {"copies": 1}, {"mma_bf16"}),
        (
            ops.matmul(16, 16, 24, dtype="int8"),
            {"banks": "plain", "copies": 4},
            {"mma_load_a_s8", "mma_store_s32"},
        ),
    ],
    ids=["even", "uneven", "padded", "turned", "wmma", "batch", "small"],
)
def test_warps_compute_the_product(
    workload: Workload, other: dict[str, Any], executed: set[str]
) -> None:
    assert executed <= judge(planned(workload.tensors, **other), workload, inputs_of(workload))


def test_what_follows_takes_results_from_shared_memory() -> None:
    a = t.placeholder((24, 32), "float16", name="A")
    w = t.placeholder((20, 32), "float16", name="W")
    b = t.placeholder((20,), name="B")
    p = t.compute((24, 32), lambda y, k: a[y, k] + t.const(1.0, "float16"), name="P")
    k = t.reduce_axis((0, 32), name="k")
    wide = "float32"
    c = t.compute(
        (24, 20),
        lambda y, x: t.sum(p[y, k].astype(wide) * w[x, k].astype(wide), axis=k),
        name="C",
    )
    d = t.compute((24, 20), lambda y, x: t.maximum(c[y, x] + b[x], 0.0), name="D")

    class Whole:
        tensors = (d,)

    schedule = planned([d], y=(1, 16), x=(1, 32))
    arrays = list(random_inputs([d], 0).values())
    assert "mma_t_f16" in judge(schedule, Whole, arrays)
    scopes = Counter(b.scope for b in schedule.mod.buffers)
    assert scopes == {"shared": 3, "warp": 3}, "no intermediate in the device's memory"


def test_float32_rounded_to_ten_bits_is_multiplied_as_such() -> None:
    a, b = t.placeholder((20, 40), name="A"), t.placeholder((40, 24), name="B")
    k = t.reduce_axis((0, 40), name="k")
    c = t.compute((20, 24), lambda y, x: t.sum(t.tf32(a[y, k]) * t.tf32(b[k, x]), k), name="C")

    class Whole:
        tensors = (c,)

    schedule = planned([c], y=(1, 16), x=(1, 32))
    arrays = list(random_inputs([c], 0).values())
    assert {"mma_tf32", "mma_load_b_tf32"} <= judge(schedule, Whole, arrays)
    text = MACHINE.emit(MACHINE.lower(schedule.mod))
    assert "HMMA.1688.F32.TF32" in MACHINE.code(text, "sass")
    half = t.compute((20, 24), lambda y, x: t.sum(t.tf32(a[y, k]) * b[k, x], k), name="C")
    assert MatrixProduct.of(half) is None, "one operand is not rounded"


@pytest.mark.parametrize(
    ("architecture", "dtype", "by", "words"),
    [
        ("sm_75", "float16", "wmma", {"HMMA"}),
        ("sm_75", "int8", "mma", {"IMMA", "LDSM"}),
        ("sm_80", "bfloat16", "mma", {"HMMA", "LDSM", "LDGSTS"}),
        ("sm_86", "int8", "mma", {"IMMA", "LDSM", "LDGSTS"}),
        ("sm_89", "float16", "mma", {"HMMA", "LDSM", "LDGSTS"}),
        ("sm_90a", "int8", "wmma", {"IMMA", "LDGSTS"}),
    ],
)
def test_tensor_cores_run_it_without_spills(
    architecture: str, dtype: str, by: str, words: set[str]
) -> None:
    machine: Any = t.targets.get({"name": "cuda", "architecture": architecture})
    schedule = planned(ops.matmul(256, 256, 256, dtype=dtype).tensors, by=by)
    text = machine.emit(machine.lower(schedule.mod))
    sass = re.findall(r"\*/\s+(?:@!?U?P\w+ )?([A-Z]\w*)", machine.code(text, "sass"))
    assert words <= set(sass)
    assert "FFMA" not in sass
    (used,) = machine.resources(text)
    assert used.local_bytes == used.spill_store_bytes == 0


@pytest.mark.parametrize("dtype", ["float16", "int8"])
@pytest.mark.parametrize("size", [4096, 1000, 512])
def test_defaults_keep_processors_busy(size: int, dtype: str) -> None:
    """Tiles as large as memory allows for large products, more blocks for small ones."""
    tensors = ops.matmul(size, size, size, dtype=dtype).tensors
    config: dict[str, Any] = TEMPLATE.default(tensors)
    (down, rows), (across, columns) = config["C.y"], config["C.x"]
    blocks = -(-size // (down * rows)) * -(-size // (across * columns))
    assert blocks >= UNITS["cuda"].blocks
    assert (down * rows, across * columns) == (128, 128) or size < 4096
    assert config["C.copies"] >= 3, "swizzled rows leave room for them"


def test_what_is_no_product_for_tensor_cores() -> None:
    def of(dtype: str, wide: str) -> MatrixProduct | None:
        a, b = (t.placeholder((16, 16), dtype, name=name) for name in "AB")
        k = t.reduce_axis((0, 16), name="k")
        return MatrixProduct.of(
            t.compute((16, 16), lambda y, x: t.sum(a[y, k].astype(wide) * b[k, x].astype(wide), k))
        )

    assert of("float16", "float32") is not None
    assert of("float16", "float64") is None, "sums in another dtype"
    assert of("float32", "float64") is None
    assert of("uint8", "int32") is None
    a = t.placeholder((16, 16), "float16", name="A")
    k = t.reduce_axis((0, 16), name="k")
    square = t.compute((16, 16), lambda y, x: t.sum(a[y, k].astype("float32") * 2.0, k))
    assert MatrixProduct.of(square) is None
    (tiny,) = ops.matmul(1, 1, 1, dtype="int8").tensors
    assert MatrixPart.of(tiny, "C", UNITS["cuda"]) is None, "it would be zeros mostly"
    (any_size,) = ops.matmul(64, 64, 64, dtype="int8").tensors
    assert MatrixPart.of(any_size, "C", UNITS["opencl"]) is None


def test_random_configurations_are_legal() -> None:
    workload = ops.batch_matmul(3, 100, 72, 130, dtype="float16")
    knobs = TEMPLATE.knobs(workload.tensors)
    rng = np.random.default_rng(0)
    for _ in range(4):
        config = {k.name: k.options[int(rng.integers(len(k.options)))] for k in knobs}
        schedule = scheduled(workload, TEMPLATE, config)
        assert "mma" in MACHINE.emit(MACHINE.lower(schedule.mod))


@pytest.mark.parametrize("dtype", ["float16", "int8"])
@pytest.mark.parametrize("size", [4096, 1000])
@pytest.mark.parametrize("banks", ["swizzled", "padded"])
def test_rows_that_are_loaded_together_lie_in_all_banks(size: int, dtype: str, banks: str) -> None:
    """`ldmatrix` reads 16 bytes of eight rows at a time: all 32 banks, if rows are odd multiples of
    16 bytes apart, or their chunks in an order of their own."""
    schedule = planned(ops.matmul(size, size, size, dtype=dtype).tensors, banks=banks)
    program = MACHINE.lower(schedule.mod)
    loaded = [
        s.operands[1]
        for s in stmts(program.body)
        if isinstance(s, Invoke) and s.name.startswith("mma_load")
    ]
    assert loaded
    for tile in loaded:
        assert tile.buffer.scope == "shared"
        assert bool(tile.buffer.swizzle) == (banks == "swizzled")
        row_bytes = row_stride(tile) * size_bytes(tile.buffer.dtype)
        swizzle = swizzle_of(tile.buffer) or Swizzle(1, 1, 1)
        turns = [row // swizzle.rows % swizzle.ways for row in range(8)]
        places = {(row * row_bytes + 16 * turn) % 128 for row, turn in enumerate(turns)}
        assert places == set(range(0, 128, 16))


def test_padding_is_copied_by_the_condition_of_a_whole_piece() -> None:
    """Rows of 56 halves end between pieces of 16 bytes, those of 50 inside of one."""
    schedule = planned(ops.matmul(40, 24, 56, dtype="float16").tensors, **EVEN)
    text = MACHINE.emit(MACHINE.lower(schedule.mod))
    assert text.count("copy_async_or_zeros(A_pad") == 2
    assert "% 4 * 8 + 32 < 56" in text
    assert "    copy_async(" not in text
    older: Any = t.targets.get({"name": "cuda", "architecture": "sm_75"})
    assert "= *(const Vector<half, 8>*)(A + " in older.emit(older.lower(schedule.mod))
    apart = planned(ops.matmul(40, 24, 50, dtype="float16").tensors, **EVEN)
    assert "copy_async_or_zeros(A_pad" not in MACHINE.emit(MACHINE.lower(apart.mod))


def test_minus_zero_is_no_zero_that_a_copy_writes() -> None:
    def text(padding: float) -> str:
        a = t.placeholder((32, 56), "float16", name="A")
        w = t.placeholder((32, 64), "float16", name="W")
        p = t.compute(
            (32, 64),
            lambda y, k: t.select(k < 56, a[y, k], t.const(padding, "float16")),
            name="P",
        )
        k = t.reduce_axis((0, 64), name="k")
        wide = "float32"
        c = t.compute(
            (32, 32), lambda y, x: t.sum(p[y, k].astype(wide) * w[x, k].astype(wide), k), name="C"
        )
        return str(MACHINE.emit(MACHINE.lower(planned([c], **EVEN).mod)))

    assert "copy_async_or_zeros(P" in text(0.0)
    assert "copy_async_or_zeros(P" not in text(-0.0)


def test_pieces_of_views_begin_where_vectors_do() -> None:
    def product(shift: int) -> str:
        a = t.placeholder((32, 72), "float16", name="A")
        w = t.placeholder((32, 64), "float16", name="W")
        p = t.compute((32, 64), lambda y, k: a[y, k + shift], name="P")
        k = t.reduce_axis((0, 64), name="k")
        wide = "float32"
        c = t.compute(
            (32, 32), lambda y, x: t.sum(p[y, k].astype(wide) * w[x, k].astype(wide), k), name="C"
        )
        return str(MACHINE.emit(MACHINE.lower(planned([c], **EVEN).mod)))

    assert product(8).count("    copy_async(P + ") == 2
    assert "copy_row(" not in product(1)
    assert "copy_async(P + " not in product(1)
