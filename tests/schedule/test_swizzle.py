"""Swizzled rows: the same results from places that lie in different banks."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest

from tests.analysis.gpu_programs import shared
from tests.fuzz.test_schedules import _agrees
from tests.intrin.tensor_cores import tensorized
from tests.ops.test_matrix_part import before_warps
from tvmlab.analysis.bank_conflicts import BankConflicts, bank_conflicts
from tvmlab.analysis.kernel_accesses import kernel_accesses
from tvmlab.arith import simplify
from tvmlab.errors import TargetError
from tvmlab.ir import equal
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.expr import Const, const
from tvmlab.ir.interpret_threads import interpret_threads
from tvmlab.ir.parse import parse_program
from tvmlab.ir.swizzle import placed, swizzle_of
from tvmlab.schedule import Schedule
from tvmlab.te.evaluate import evaluate, random_inputs
from tvmlab.view.kernels import as_launched


def columns(dtype: str = "float32", chunk: int = 0) -> Schedule:
    """A tile of 16 x 16 that threads write by rows and read by columns."""
    s = shared(0, dtype)
    if chunk:
        s["P"].swizzle("P", chunk)
    return s


def turns(s: Schedule) -> dict[str, tuple[int, int]]:
    """(turns, those without conflicts) of every access to shared memory."""
    found = {}
    for what in kernel_accesses(as_launched(s.mod)):
        told = bank_conflicts(what)
        if isinstance(told, BankConflicts):
            found[what.name] = (told.turns, told.least_turns)
    return found


@pytest.mark.parametrize(
    ("dtype", "shape", "chunk"),
    [
        ("float16", (16, 32), 8),
        ("float16", (3, 8, 64), 8),
        ("int8", (9, 16), 4),
        ("float32", (40, 40), 1),
        ("float64", (8, 24), 2),
    ],
)
def test_every_element_keeps_a_place_of_its_own(
    dtype: str, shape: tuple[int, ...], chunk: int
) -> None:
    buffer = Buffer("A", shape, dtype, "shared", swizzle=chunk)
    swizzle = swizzle_of(buffer)
    assert swizzle is not None
    taken = set()
    for at in np.ndindex(*shape):
        place = [simplify(i, {}) for i in placed(buffer, tuple(const(n, "int64") for n in at))]
        found = tuple(int(i.value) for i in place if isinstance(i, Const))
        assert found[:-1] == at[:-1], "in its row"
        assert 0 <= found[-1] < shape[-1]
        assert found[-1] % chunk == at[-1] % chunk, "in its chunk"
        taken.add(found)
    assert len(taken) == prod(shape)


@pytest.mark.parametrize(
    ("shape", "scope", "chunk"),
    [((8, 24), "shared", 8), ((8, 64), "global", 8), ((8, 12), "shared", 8), ((64,), "shared", 8)],
    ids=["odd number of chunks", "other memory", "parts of chunks", "no rows"],
)
def test_rows_that_stay_as_they_are(shape: tuple[int, ...], scope: str, chunk: int) -> None:
    assert swizzle_of(Buffer("A", shape, "float16", scope, swizzle=chunk)) is None


def test_columns_are_read_from_all_banks_without_a_byte_between() -> None:
    plain, swizzled, padded = columns(), columns(chunk=1), shared(1)
    assert [turns(s)["load P"][0] for s in (plain, swizzled, padded)] == [480, 120, 120]
    assert [turns(s)["store P"][0] for s in (plain, swizzled, padded)] == [72, 72, 120]
    assert 'P = allocate(float32[48, 40], scope="shared", swizzle=1)' in str(swizzled)
    assert equal(parse_program(str(swizzled.mod)), swizzled.mod)
    assert "P[256]" in swizzled.code("opencl")
    assert "P[272]" in padded.code("opencl")
    assert swizzled.check("opencl")


@pytest.mark.parametrize("dtype", ["float16", "int8", "tf32"])
def test_rows_of_tiles_are_loaded_and_copied_without_conflicts(dtype: str) -> None:
    chunk = {"float16": 8, "int8": 16, "tf32": 4}[dtype]
    sizes = {"by_columns": True, "is_async": dtype != "tf32"}
    plain, padded = (
        tensorized("mma", dtype, **sizes),
        tensorized("mma", dtype, apart=chunk, **sizes),
    )
    swizzled = tensorized("mma", dtype, chunk=chunk, **sizes)
    assert any(most > least for most, least in turns(plain).values())
    assert turns(swizzled)
    for most, least in turns(swizzled).values():
        assert most == least
    assert len(padded.code("cuda")) > 0


def test_what_instructions_load_is_what_was_copied() -> None:
    s = tensorized("mma", "float16", by_columns=True, is_async=True, chunk=8)
    given = random_inputs(s.outputs, 0)
    expected = evaluate(s.outputs, given)
    for order in ("forward", 3):
        result = np.zeros((64, 32), "float32")
        interpret_threads(before_warps(s), [*given.values(), result], order)
        assert not _agrees(expected, [result])
    text = s.code("cuda")
    assert "load_a_matrix_swizzled(" in text
    assert "copy_async(" in text
    assert "copy_row(" not in text


def test_instructions_that_need_rows_as_they_are_refuse_others() -> None:
    with pytest.raises(TargetError, match="needs whole rows as they are, and those of A_cache"):
        tensorized("wmma", "float16", chunk=8).code("cuda")
    with pytest.raises(TargetError, match=r"takes 16 bytes at once.*chunks of 4; swizzle it by 8"):
        tensorized("mma", "float16", chunk=2).code("cuda")
