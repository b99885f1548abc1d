import time
from math import gcd

import numpy as np
import pytest

from tests.tune.spaces import WORKLOAD, as_trace, large_space, matmul_space, time_s
from tvmlab.errors import UsageError
from tvmlab.measure.request import Request
from tvmlab.ops.knobs import ChoiceKnob
from tvmlab.tune.annealing import Annealer
from tvmlab.tune.choice import explorer_named
from tvmlab.tune.diversity import diverse
from tvmlab.tune.evolution import Evolution
from tvmlab.tune.explorer import History
from tvmlab.tune.explorers import EXPLORERS
from tvmlab.tune.explorers.grid import coprime_section
from tvmlab.tune.features import KnobFeatures
from tvmlab.tune.space import Space


def cost(space, row):
    return time_s(Request(WORKLOAD, as_trace(space.config(row))))


def history(space, rows, seen=()):
    """What is known after measuring `rows`; `seen` were proposed too."""
    speeds = np.array([1 / cost(space, row) for row in rows])
    known = frozenset(space.indices(rows)) | frozenset(seen)
    return History(rows, speeds / speeds.max(initial=1e-9), known)


def search(space, explorer, batches, size):
    rows = np.empty((0, len(space.knobs)), np.int64)
    for _ in range(batches):
        proposals = explorer.propose(size, history(space, rows))
        rows = np.concatenate([rows, space.stack([p.digits for p in proposals])])
        explorer.observe(history(space, rows))
    return rows


@pytest.fixture(params=list(EXPLORERS))
def make(request):
    return EXPLORERS[request.param]


@pytest.mark.parametrize("space", [matmul_space(), large_space()])
def test_proposals_are_new_and_different(make, space):
    rows = search(space, make(space, 0), 5, 10)
    indices = space.indices(rows)
    assert len(set(indices)) == 50
    assert ((rows >= 0) & (rows < space.radices)).all()


@pytest.mark.parametrize("space", [matmul_space(), large_space()])
def test_equal_seeds_give_equal_proposals_and_others_do_not(make, space):
    one, two, other = (search(space, make(space, seed), 3, 16) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, two)
    assert (one != other).any()


def test_a_space_is_tried_to_its_end(make):
    space = matmul_space()
    rows = search(space, make(space, 0), 9, 12)
    assert sorted(space.indices(rows)) == list(range(100))


def test_a_single_point_is_proposed_once(make):
    space = Space([ChoiceKnob("only", (1,))], as_trace)
    explorer, point = make(space, 0), space.everything()
    assert len(explorer.propose(8, History(point[:0], np.empty(0), frozenset()))) == 1
    assert explorer.propose(8, History(point, np.ones(1), frozenset({0}))) == []


def test_failures_alone_teach_nothing_and_break_nothing(make):
    space = large_space()
    explorer = make(space, 0)
    rows = space.draw_new(30, np.random.default_rng(0), frozenset())
    failed = History(rows, np.zeros(30), frozenset(space.indices(rows)))
    explorer.observe(failed)
    proposals = explorer.propose(8, failed)
    assert len(proposals) == 8
    assert all(p.predicted is None for p in proposals)


@pytest.mark.parametrize("space", [matmul_space(), large_space()])
def test_the_guided_explorer_finds_in_fewer_trials(space):
    """Best of 64 trials against the best of 64 random ones, on an average of 3 seeds."""

    def best(name):
        found = []
        for seed in range(3):
            rows = search(space, EXPLORERS[name](space, seed), 8, 8)
            found.append(min(cost(space, row) for row in rows))
        return np.mean(found)

    guided = best("model")
    assert guided == 1e-3 or guided < best("random")


def test_a_grid_spreads_over_the_space():
    """Of every knob with so few options, any 64 trials of a grid have seen each about as often."""
    space = large_space()
    rows = search(space, EXPLORERS["grid"](space, 5), 4, 16)
    for column, radix in enumerate(space.radices):
        if radix <= 6:
            counts = np.bincount(rows[:, column], minlength=radix)
            assert counts.min() > 0.4 * 64 / radix
    numbers = np.sort(space.indices(rows)) / space.size
    assert np.diff(numbers).max() < 3 / 64


@pytest.mark.parametrize("size", [1, 2, 3, 100, 2_323_200, 10**30])
def test_the_stride_of_a_grid_meets_everything(size):
    assert gcd(coprime_section(size), size) == 1
    assert size < 10 or 0.6 < coprime_section(size) / size < 0.64


def test_breeding_finds_in_fewer_trials_than_drawing():
    space = large_space()

    def best(name):
        found = []
        for seed in range(5):
            rows = search(space, EXPLORERS[name](space, seed), 16, 16)
            found.append(min(cost(space, row) for row in rows))
        return np.mean(found)

    assert best("genetic") < best("random")


def test_a_diverse_batch_has_more_options_and_the_best_candidate():
    space = large_space()
    rows = space.draw(200, np.random.default_rng(0))
    scores = -np.array([cost(space, row) for row in rows])
    plain = rows[diverse(rows, scores, 16, 0.0)]
    np.testing.assert_array_equal(plain, rows[np.argsort(-scores, kind="stable")[:16]])
    varied = rows[diverse(rows, scores, 16, 0.2)]
    met = [sum(len(set(column)) for column in batch.T) for batch in (plain, varied)]
    assert met[1] > met[0]
    assert len(set(space.indices(varied))) == 16
    assert sorted(diverse(rows[:3], scores[:3], 16, 0.2)) == [0, 1, 2]
    assert len(diverse(rows[:0], scores[:0], 16, 0.2)) == 0


def test_the_guided_explorer_proposes_diverse_batches():
    space = large_space()
    rows = space.draw_new(100, np.random.default_rng(0), frozenset())
    known = history(space, rows)

    def options_met(diversity):
        explorer = explorer_named("model", space, 0, "ridge", diversity)
        explorer.observe(known)
        batch = space.stack([p.digits for p in explorer.propose(32, known)])
        return sum(len(set(column)) for column in batch.T)

    assert options_met(0.5) > options_met(0.0)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("modl",), "the explorer 'modl' is not known; did you mean 'model'"),
        (("model", "forest"), "the model 'forest' is not known; there are xgboost-rank"),
        (("grid", "ridge"), "'grid' uses no cost model"),
        (("random", None, 0.5), "'random' uses no cost model"),
        (("model", None, -1.0), "give 0 or more"),
        (("model", None, 0.0, "loops"), "the features 'loops' are not known; there are knob"),
        (("grid", None, 0.0, "knob"), "'grid' uses no cost model"),
    ],
)
def test_what_is_no_explorer(asked, said):
    name, *rest = asked
    with pytest.raises(UsageError, match=said):
        explorer_named(name, matmul_space(), 0, *rest)


def test_predictions_come_with_the_model_and_have_its_order():
    space = large_space()
    explorer = EXPLORERS["model"](space, 0)
    rows = space.draw_new(100, np.random.default_rng(0), frozenset())
    known = history(space, rows)
    assert all(p.predicted is None for p in explorer.propose(8, known))
    explorer.observe(known)
    proposals = explorer.propose(32, known)
    predicted = [p.predicted for p in proposals]
    assert all(p is not None and 0 <= p <= 1 for p in predicted)
    assert np.mean(predicted[:8]) > np.median(known.scores)


def test_annealing_finds_the_best_points_of_a_known_score():
    space = large_space()
    features = KnobFeatures(space)
    weights = np.random.default_rng(3).normal(size=len(features.columns))

    def score(digits):
        return features(digits) @ weights

    annealer = Annealer(space, np.random.default_rng(0))
    found = annealer.search(score, 32, frozenset())
    scores = score(found)
    assert len(set(space.indices(found))) == 32
    assert (np.diff(scores) <= 0).all()
    sample = score(space.draw(20_000, np.random.default_rng(1)))
    assert scores[0] > sample.max() * 0.99
    again = annealer.search(score, 32, frozenset(space.indices(found)))
    assert not set(space.indices(again)) & set(space.indices(found))


def test_annealing_scores_20_000_candidates_a_second():
    space = large_space()
    explorer = EXPLORERS["model"](space, 0)
    rows = space.draw_new(200, np.random.default_rng(0), frozenset())
    explorer.observe(history(space, rows))
    scored = 0

    def score(digits):
        nonlocal scored
        scored += len(digits)
        return explorer._score(digits)

    begin = time.process_time()
    Annealer(space, np.random.default_rng(0)).search(score, 64, frozenset())
    assert scored / (time.process_time() - begin) > 20_000


def test_evolution_finds_the_best_points_of_a_known_score():
    space = large_space()

    def score(digits):
        return -np.array([cost(space, row) for row in digits])

    evolution = Evolution(space, np.random.default_rng(0), population=128, generations=8)
    start = space.draw_new(40, np.random.default_rng(1), frozenset())
    evolution.restart_at(start)
    found = evolution.search(score, 5, frozenset())
    assert len(set(space.indices(found))) == 5
    scores = score(found)
    assert (np.diff(scores) <= 0).all()
    assert scores[0] > score(space.draw(2000, np.random.default_rng(2))).max()
    again = evolution.search(score, 5, frozenset(space.indices(found)))
    assert not set(space.indices(again)) & set(space.indices(found))


def test_evolution_keeps_what_was_measured_fastest():
    space = large_space()
    best = space.digits(
        {
            "y": (1, 1, 16, 32),
            "x": (1, 1, 8, 64),
            "order": ("k", "y", "x"),
            "unroll": 16,
            "pack": True,
        }
    )
    evolution = Evolution(space, np.random.default_rng(0), population=32, generations=2)
    evolution.restart_at(best[None])

    def score(digits):
        return (digits == best).all(axis=1).astype(float)

    assert space.indices(evolution.search(score, 1, frozenset())) == space.indices(best[None])
