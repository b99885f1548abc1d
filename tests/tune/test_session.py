import random

import pytest

from tests.tune.spaces import (
    WORKLOAD,
    as_trace,
    grumpy,
    large_space,
    matmul_space,
    medium_space,
    picky,
    time_s,
)
from tvmlab.errors import UsageError
from tvmlab.measure.outcome import Outcome, failure
from tvmlab.measure.request import Request
from tvmlab.tune.explorers import EXPLORERS
from tvmlab.tune.model_guided import BEGINNING
from tvmlab.tune.session import PATIENCE, Session, batch_size
from tvmlab.tune.space import Space

CRASH = failure("crash", "run", "the process was killed by SIGSEGV")


def ok(seconds, verified=True):
    return Outcome("ok", "time", times_s=(seconds,), verified=verified)


def outcome_of(candidate, landscape=time_s):
    if candidate.refused is not None:
        return candidate.refused
    answer = landscape(Request(WORKLOAD, candidate.trace))
    return answer if isinstance(answer, Outcome) else ok(answer)


def session(space=None, trials=40, explorer="model", seed=0, **options):
    space = space or matmul_space()
    return Session(space, EXPLORERS[explorer](space, seed), trials, **options)


def run(search, landscape=time_s, room=3, shuffle=None):
    """Measure to the end; `shuffle` reorders what is outstanding."""
    while search.finished is None or search.outstanding:
        batch = search.next(room)
        if shuffle is not None:
            shuffle.shuffle(batch)
        for candidate in batch:
            search.observe(candidate.number, outcome_of(candidate, landscape))
    return search


def told(search):
    return [
        (r.number, r.index, r.predicted_s, r.median_s) for _, r in sorted(search.records.items())
    ]


def test_every_trial_is_done_and_the_best_is_known():
    search = run(session())
    assert search.finished == "every trial is done"
    assert sorted(search.records) == list(range(40))
    assert len({r.index for r in search.records.values()}) == 40
    assert search.best.median_s == min(r.median_s for r in search.records.values())
    assert search.batches == 5


@pytest.mark.parametrize("explorer", list(EXPLORERS))
def test_the_trajectory_depends_on_seed_and_outcomes_alone(explorer):
    space = large_space()
    plain = told(run(session(space, explorer=explorer)))
    assert told(run(session(space, explorer=explorer), room=1)) == plain
    shuffled = run(session(space, explorer=explorer), room=64, shuffle=random.Random(0))
    assert told(shuffled) == plain
    assert told(run(session(space, explorer=explorer, seed=1))) != plain


@pytest.mark.parametrize("ahead", [1, 4, 8])
def test_thinking_ahead_changes_what_is_known_and_not_that_it_is_a_rule(ahead):
    space = medium_space()
    plain = told(run(session(space, ahead=ahead)))
    assert told(run(session(space, ahead=ahead), room=1)) == plain
    shuffled = run(session(space, ahead=ahead), room=64, shuffle=random.Random(0))
    assert told(shuffled) == plain
    assert told(run(session(space))) != plain


def test_a_batch_is_chosen_while_the_last_trials_before_it_are_measured():
    search = session(batch=8, ahead=3)
    first = search.next(10)
    for candidate in first[:4]:
        search.observe(candidate.number, outcome_of(candidate))
    assert not search.can_prepare
    assert search.next(10) == []
    search.observe(6, outcome_of(first[6]))  # not among those the next batch is chosen from
    assert not search.can_prepare
    search.observe(4, outcome_of(first[4]))
    assert search.can_prepare
    think = search.prepare()
    assert not search.can_prepare
    assert search.next(10) == []
    proposals = think()
    search.observe(5, outcome_of(first[5]))
    search.plan(proposals)
    assert [c.number for c in search.next(10)] == list(range(8, 16))


def test_what_is_chosen_after_a_stop_is_not_tried():
    search = session(batch=8, ahead=8)
    search.next(8)
    think = search.prepare()
    search.stop()
    search.plan(think())
    assert search.next(8) == []


@pytest.mark.parametrize("ahead", [-1, 9])
def test_a_session_thinks_no_further_ahead_than_a_batch(ahead):
    with pytest.raises(UsageError, match=f"ahead={ahead} was asked for with batches of 8"):
        session(batch=8, ahead=ahead)


@pytest.mark.parametrize("ahead", [4, 8])
@pytest.mark.parametrize("kept", [3, 8, 12, 16, 29, 40])
def test_a_run_that_thinks_ahead_resumes_where_it_was_cut(kept, ahead):
    """Outcomes are stored as they come, here up to four trials out of order."""
    whole, order, out = session(medium_space(), ahead=ahead), [], []
    dice = random.Random(kept)
    while whole.finished is None:
        out += whole.next(4 - len(out))
        candidate = out.pop(dice.randrange(len(out)))
        order.append(whole.observe(candidate.number, outcome_of(candidate)))
    resumed = session(medium_space(), ahead=ahead)
    assert resumed.restore(order[:kept]) == kept
    assert told(run(resumed)) == told(whole)
    assert resumed.best == whole.best


def test_a_run_that_gave_up_is_restored_with_what_was_being_measured():
    search = session(large_space(), trials=500, batch=30)
    stored = [search.observe(c.number, CRASH) for c in search.next(30)]
    assert search.finished is not None
    again = session(large_space(), trials=500, batch=30)
    assert again.restore(stored) == 30
    assert again.finished == search.finished


def test_a_run_ends_early_when_nothing_gets_better():
    def constant(request):
        return 1e-3

    search = run(session(large_space(), trials=200, batch=8, early_stop=20), constant)
    assert search.finished == "nothing better in the last 20 trials"
    assert len(search.records) == 24  # the best is trial 0; asked for at the end of a batch
    whole = run(session(large_space(), trials=40, batch=8, early_stop=40))
    assert whole.finished == "every trial is done"
    with pytest.raises(UsageError, match="give at least 1"):
        session(early_stop=0)


def test_no_candidates_while_a_batch_is_being_completed():
    search = session(batch=4)
    first = search.next(10)
    assert [c.number for c in first] == [0, 1, 2, 3]
    for candidate in first[:3]:
        search.observe(candidate.number, ok(1.0))
        assert search.next(10) == []
    search.observe(first[3].number, ok(1.0))
    assert [c.number for c in search.next(10)] == [4, 5, 6, 7]


def test_predictions_are_made_before_measuring_and_in_seconds():
    search = run(session(large_space(), trials=64))
    records = [search.records[n] for n in range(64)]
    assert all(r.predicted_s is None for r in records[:BEGINNING])
    later = [r.predicted_s for r in records[BEGINNING:]]
    assert all(p is not None and p > 0 for p in later)
    assert min(later) >= min(r.median_s for r in records) * 0.99


def test_only_verified_records_become_the_best():
    search = session(batch=3)
    a, b, c = search.next(3)
    search.observe(a.number, ok(0.5, verified=False))
    search.observe(b.number, Outcome("implausible", "time", "too fast", times_s=(1e-9,)))
    assert search.best is None
    search.observe(c.number, ok(1.0))
    assert search.best.number == c.number


def test_of_equal_records_the_earlier_is_best_whichever_comes_first():
    search = session(batch=3)
    batch = search.next(3)
    for candidate in reversed(batch):
        search.observe(candidate.number, ok(1.0))
    assert search.best.number == 0


def test_illegal_candidates_come_with_their_outcome():
    search = run(session(Space(matmul_space().knobs, picky), trials=100))
    illegal = [r for r in search.records.values() if r.outcome.status == "illegal"]
    assert len(illegal) == 50
    assert all("16 lanes are enough" in r.outcome.reason for r in illegal)
    assert all(r.trace == [] for r in illegal)


def test_a_small_space_ends_the_run():
    search = run(session(trials=1000))
    assert search.finished == "every trial is done"
    assert len(search.records) == 100


def test_failures_among_others_do_not_end_the_run():
    search = run(session(large_space(), trials=64), landscape=grumpy)
    assert search.finished == "every trial is done"
    assert search.best.outcome.is_ok


def test_twenty_failures_in_a_row_end_the_run_with_the_reasons():
    reasons = [CRASH] * 3 + [failure("timeout", "run", "still busy after 10 s")] * 2
    reasons += [failure("build_error", "build", "no such register")]

    def failing(request):
        failing.calls += 1
        return reasons[failing.calls % 6]

    failing.calls = 0
    search = run(session(large_space(), trials=500), landscape=failing)
    assert len(search.records) >= PATIENCE
    assert search.finished.startswith("20 candidates in a row failed: ")
    said = search.finished
    assert said.index("crash at run") < said.index("timeout at run") < said.index("build_error at")
    assert search.best is None


def test_a_good_one_resets_the_count_of_failures():
    def mostly_failing(request):
        mostly_failing.calls += 1
        return 1.0 if mostly_failing.calls % PATIENCE == 0 else CRASH

    mostly_failing.calls = 0
    search = run(session(large_space(), trials=100), landscape=mostly_failing)
    assert search.finished == "every trial is done"


def test_stopping_keeps_what_is_outstanding():
    search = session()
    batch = search.next(3)
    search.stop()
    assert search.next(3) == []
    assert search.outstanding == 3
    for candidate in batch:
        search.observe(candidate.number, ok(1.0))
    assert (search.finished, len(search.records)) == ("stopped", 3)


def test_configurations_to_begin_with_are_tried_first_and_once():
    space = matmul_space()
    first = [{"y": (16, 32), "x": (8, 64)}, {"y": (512, 1), "x": (512, 1)}]
    search = run(session(space, trials=100, first=first))
    assert [search.records[n].config for n in (0, 1)] == first
    assert len({r.index for r in search.records.values()}) == 100


def test_more_to_begin_with_than_a_batch_holds():
    first = [{"y": (512, 1), "x": x} for x in matmul_space().knobs[1].options]
    search = run(session(trials=9, first=first, batch=4))
    assert [search.records[n].config for n in range(9)] == first[:9]


@pytest.mark.parametrize("kept", [0, 1, 7, 8, 20, 39, 40])
def test_a_run_resumes_where_it_was_cut(kept):
    """Records of a batch may be missing anywhere: outcomes do not arrive in order."""
    whole = run(session(large_space()))
    records = [whole.records[n] for n in range(40)]
    last_batch = kept // 8 * 8
    stored = records[:last_batch] + random.Random(0).sample(
        records[last_batch : last_batch + 8], kept - last_batch
    )
    resumed = session(large_space())
    assert resumed.restore(stored) == kept
    assert told(run(resumed)) == told(whole)
    assert resumed.best == whole.best


def test_records_of_another_search_are_refused():
    whole = run(session(large_space()))
    with pytest.raises(UsageError, match="trial 0 is stored with configuration"):
        session(large_space(), seed=1).restore(whole.records.values())
    late = [whole.records[n] for n in range(30, 40)]
    with pytest.raises(UsageError, match="10 stored trials, the first of them number 30"):
        session(large_space()).restore(late)


def test_batches_suit_the_budget():
    assert [batch_size(n) for n in (1, 64, 200, 512, 10_000)] == [8, 8, 25, 64, 64]
    with pytest.raises(UsageError, match="a run of 0 trials"):
        session(trials=0)


def test_a_space_without_knobs_has_one_candidate():
    search = run(session(Space([], as_trace)), landscape=lambda request: 1.0)
    assert len(search.records) == 1
    assert search.best.config == {}
