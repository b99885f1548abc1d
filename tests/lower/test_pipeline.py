"""The passes together: what they print, what they keep, and that each keeps the meaning."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest

from tests.golden import check_golden
from tests.lower.programs import product, row_sum, softmax, tiled
from tvmlab.arith.inside import verify_inside
from tvmlab.ir import Program
from tvmlab.ir.interpret import interpret
from tvmlab.ir.program import For, If, Store
from tvmlab.ir.verify import verify
from tvmlab.ir.walk import blocks, stmts
from tvmlab.lower import PASSES, lower, lower_stages
from tvmlab.schedule import STEPS, Schedule

GOLDEN: dict[str, Callable[[], Schedule]] = {
    "naive": lambda: product(8, 8, 8),
    "tiled": lambda: tiled(16, 32, 16),
    "tails": lambda: tiled(10, 25, 11),
    "softmax": lambda: softmax(4, 6),
}


def outputs(program: Program, seed: int = 0) -> list[np.ndarray]:
    """What the interpreter computes from random inputs of small whole numbers."""
    rng = np.random.default_rng(seed)
    arrays = [rng.integers(-4, 5, b.extents).astype(b.dtype) for b in program.params]
    interpret(program, arrays)
    return arrays[len(arrays) - program.outputs :]


@pytest.mark.parametrize("name", GOLDEN)
def test_golden(name: str) -> None:
    check_golden(f"lower/{name}.txt", str(lower(GOLDEN[name]().mod)))


def test_every_stage_of_the_headline_product() -> None:
    stages = lower_stages(tiled(16, 32, 16).mod)
    shown = "\n\n".join(f"# {name}\n{program}" for name, program in stages)
    check_golden("lower/stages.txt", shown)
    assert [name for name, _ in stages] == ["scheduled", *[p.name for p in PASSES]]


@pytest.mark.parametrize("name", GOLDEN)
def test_every_stage_means_the_same(name: str) -> None:
    stages = lower_stages(GOLDEN[name]().mod)
    expected = outputs(stages[0][1])
    for stage, program in stages[1:]:
        verify(program, scheduled=False)
        for found, right in zip(outputs(program), expected, strict=True):
            assert np.array_equal(found, right), stage


@pytest.mark.parametrize("seed", range(40))
def test_random_schedules_keep_their_meaning_through_every_pass(seed: int) -> None:
    rng = random.Random(seed)
    make = rng.choice([lambda: product(5, 7, 6), lambda: row_sum(7, 10), lambda: softmax(3, 5)])
    s = make()
    for _ in range(8):
        site = rng.choice(s.blocks)
        loops = s[site].loops
        kind = STEPS[rng.choice(["split", "fuse", "reorder", "unroll", "vectorize", "parallel"])]
        moves = list(kind.moves(s.mod, site, rng.choice(loops)))
        if moves:
            s.apply(rng.choice(moves))
    stages = lower_stages(s.mod)
    expected = outputs(stages[0][1], seed)
    for stage, program in stages[1:]:
        for found, right in zip(outputs(program, seed), expected, strict=True):
            assert np.allclose(found, right, rtol=1e-5), (stage, str(s.mod))


@pytest.mark.parametrize("name", GOLDEN)
def test_a_lowered_program_is_machine_near(name: str) -> None:
    program = lower(GOLDEN[name]().mod)
    verify_inside(program)
    assert not list(blocks(program.body))
    kinds = {s.kind for s in stmts(program.body) if isinstance(s, For)}
    assert kinds <= {"serial", "parallel", "unrolled"}
    assert all(s.source for s in stmts(program.body) if isinstance(s, Store))


def test_full_tiles_run_without_conditions() -> None:
    program = lower(tiled(10, 25, 11).mod)
    assert all(s.otherwise is not None for s in stmts(program.body) if isinstance(s, If))
    assert not any(isinstance(s, If) for s in stmts(lower(tiled(16, 32, 16).mod).body))
