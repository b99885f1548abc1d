"""The seeds: the nest that is expected, the right result, and what it costs."""

from __future__ import annotations

import numpy as np
import pytest

from tests.golden import check_golden
from tests.project.pages import difference
from tests.seeds import page
from tests.seeds.facts import facts
from tests.seeds.programs import SEEDS, Seed
from tvmlab.ir.interpret import interpret
from tvmlab.measure.compare import compare
from tvmlab.te.evaluate import evaluate, random_inputs

pytestmark = pytest.mark.filterwarnings("ignore::tvmlab.ScheduleWarning")

# Operations against the expression's, and bytes of intermediates kept in memory.
EXPECTED = {
    "blur_breadth_first": (1.0, 34 * 28 * 4),
    "blur_fused": ((3 * 3 + 3) * 32 * 28 / (3 * 34 * 28 + 3 * 32 * 28), 0),
    "blur_sliding": (1.0, 3 * 28 * 4),
    "blur_tiled": ((3 * 10 * 4 * 28 + 3 * 32 * 28) / (3 * 34 * 28 + 3 * 32 * 28), 10 * 14 * 4),
    "softmax_row": (1.0, 37 * 4),
    "softmax_online": (1.0, 0),
    "attention_one_pass": (1.0, 3 * 6 * 4),
    "conv_norm_relu": (1.0, 7 * 4),
}


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.name)
def test_the_nest_is_the_expected_one(seed: Seed) -> None:
    check_golden(f"seeds/{seed.name}.txt", str(seed.scheduled()))


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.name)
def test_the_result_is_right_interpreted_and_compiled(seed: Seed) -> None:
    s = seed.scheduled()
    for result in s.check():
        assert result, str(result)
    outputs = list(s.outputs)
    given = random_inputs(outputs, 1)
    wanted = evaluate(outputs, given)
    results = [np.full(w.value.shape, 77, np.float32) for w in wanted]
    interpret(s.mod, [*given.values(), *results])
    for got, want in zip(results, wanted, strict=True):
        assert compare(got, want.value, want.bound, want.name)


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.name)
def test_it_costs_what_its_schedule_trades(seed: Seed) -> None:
    found = facts(seed.scheduled())
    assert (found.work, found.storage_bytes) == pytest.approx(EXPECTED[seed.name])


def test_attention_is_the_softmax_of_the_scores_times_the_values() -> None:
    """By NumPy in three steps, with scores that would overflow without the running maximum."""
    seed = next(seed for seed in SEEDS if seed.name == "attention_one_pass")
    rng = np.random.default_rng(0)
    q, keys, values = (
        rng.standard_normal(shape).astype(np.float32) for shape in ((5, 8), (19, 8), (19, 6))
    )
    q *= 40
    score = q.astype(np.float64) @ keys.T
    weights = np.exp(score - score.max(axis=1, keepdims=True))
    wanted = (weights / weights.sum(axis=1, keepdims=True)) @ values
    got = np.empty((5, 6), np.float32)
    seed.scheduled().build()(q, keys, values, got)
    np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-5)


def test_the_page_is_what_the_seeds_say() -> None:
    changed = difference(page.PATH, page.page)
    assert not changed, f"python -m tests.seeds.page writes it anew:\n{changed}"
