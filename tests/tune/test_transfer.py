"""Learning from earlier runs: synthetic times of one operator at several sizes, no device."""

import json
from dataclasses import replace
from math import log2
from statistics import median

import numpy as np
import pytest

from tests.tune.spaces import as_trace
from tvmlab import ops
from tvmlab.errors import UsageError
from tvmlab.measure.outcome import Outcome, failure
from tvmlab.te.serial import to_json
from tvmlab.tune.beginning import search_of, settled
from tvmlab.tune.client import places
from tvmlab.tune.database import Database
from tvmlab.tune.earlier import earlier_runs, recalled
from tvmlab.tune.logs import write_log
from tvmlab.tune.models import MODELS
from tvmlab.tune.models.transferred import Examples, Prior, TransferredModel
from tvmlab.tune.quality import rank_correlation
from tvmlab.tune.setup import Setup
from tvmlab.tune.setup_space import space_of
from tvmlab.tune.similarity import distance
from tvmlab.tune.warm_start import good_configs, nearest_option

NAME_OF = {shape: str(ops.matmul(*shape)) for shape in ((32, 32, 32), (32, 48, 24))}
HERE = {"processor": "imaginary", "cores": 2}
SEEDS = range(10)


def setup(*shape, **fields):
    workload = ops.matmul(*shape)
    template = ops.template_for(workload.tensors).name
    given = {"trials": 24, "batch": 8, "threads": 1} | fields
    return Setup(to_json(workload.tensors), template, **given)


def time_s(config) -> float:
    """Seconds on an imaginary machine that likes middling numbers and words of certain lengths."""
    sizes = [n for option in config.values() for n in numbers(option)]
    words = [str(option) for option in config.values() if not numbers(option)]
    return 1e-3 * (
        1 + sum((log2(1 + n) - 3.3) ** 2 for n in sizes) + sum(len(w) % 3 for w in words)
    )


def numbers(option) -> list[int]:
    many = option if isinstance(option, tuple) else (option,)
    return [n for n in many if isinstance(n, int) and not isinstance(n, bool)]


def measured(candidate) -> Outcome:
    if candidate.refused is not None:
        return candidate.refused
    return Outcome("ok", "time", times_s=(time_s(candidate.config),), verified=True)


def session_of(known, database):
    """The session of a settled setup, without the work of making steps nobody runs."""
    session = search_of(known, database).session
    session.space.trace = as_trace
    return session


def store(database, asked, device=HERE, trials=None) -> int:
    """A run of the tuner with imaginary times, kept in `database`; its session there."""
    known = settled(asked, device, database)
    session = session_of(known, database)
    row = database.begin(known, {}, device)
    while session.finished is None and len(session.records) < (trials or asked.trials):
        for candidate in session.next(4):
            database.append(row, [session.observe(candidate.number, measured(candidate))])
    return row


@pytest.fixture(scope="module")
def experienced():
    """A database with two runs of other sizes."""
    with Database.open(None) as database:
        store(database, setup(32, 32, 32, trials=64, explorer="random"))
        store(database, setup(32, 48, 24, trials=64, explorer="random", seed=1))
        yield database


def trials_needed(database, asked, share) -> int:
    """The trials until a candidate takes no longer than `share` more than the best drawn."""
    session = session_of(settled(asked, HERE, database), database)
    space = session.space
    drawn = space.draw(2000, np.random.default_rng(0))
    level = (1 + share) * min(time_s(space.config(row)) for row in drawn)
    while session.finished is None:
        for candidate in session.next(8):
            if time_s(candidate.config) <= level and candidate.refused is None:
                return candidate.number + 1
            session.observe(candidate.number, measured(candidate))
    return session.trials + 1


def test_a_run_that_learns_from_others_needs_fewer_trials(experienced):
    def typical(**fields):
        asked = setup(24, 48, 32, trials=48, **fields)
        needed = [trials_needed(experienced, replace(asked, seed=s), 0.05) for s in SEEDS]
        return median(needed)

    alone, taught = typical(), typical(transfer=[""])
    assert taught <= alone / 2


def test_what_was_learnt_from_is_told_and_settled(experienced):
    asked = setup(24, 48, 32, transfer=[""])
    known = settled(asked, HERE, experienced)
    assert [count for _, _, count in known.learnt_from] == [64, 64]
    told = search_of(known, experienced).learnt_from
    assert told == {NAME_OF[32, 32, 32]: 64, NAME_OF[32, 48, 24]: 64}
    assert settled(setup(24, 48, 32), HERE, experienced).learnt_from is None
    assert search_of(settled(setup(24, 48, 32), HERE, experienced), experienced).learnt_from == {}


def test_the_first_batch_already_follows_what_was_learnt(experienced):
    def first_batch(**fields):
        known = settled(setup(24, 48, 32, **fields), HERE, experienced)
        return [time_s(c.config) for c in search_of(known, experienced).session.next(8)[1:]]

    assert median(first_batch(transfer=[""])) < min(first_batch())


def test_a_run_that_learnt_resumes_with_what_it_learnt_from(tmp_path):
    with Database.open(tmp_path / "run.db") as database:
        store(database, setup(32, 32, 32, explorer="random"))
        asked = setup(24, 48, 32, transfer=[""], warm_start=True)
        whole = store(database, asked)
        kept = store(database, replace(asked, seed=7), trials=12)
        store(database, setup(32, 48, 24, explorer="random"))  # not there when those began
        for row, count in ((whole, 24), (kept, 12)):
            stored = next(s for s in database.sessions() if s.id == row).setup
            found = database.resumable(replace(asked, seed=stored.seed), HERE)
            assert found.id == row
            again = search_of(asked.going_on(found.setup), database)
            assert again.learnt_from[NAME_OF[32, 32, 32]] == 24
            assert NAME_OF[32, 48, 24] not in again.learnt_from
            if row == whole:
                assert again.session.restore(database.records(row)) == count


def test_only_runs_on_this_machine_for_this_target_and_as_many_threads_count(experienced):
    asked = setup(24, 48, 32)
    assert len(earlier_runs(asked, HERE, [""], experienced)) == 2
    for other in ({"cores": 4}, {"processor": "real"}):
        assert earlier_runs(asked, HERE | other, [""], experienced) == []
    for change in ({"threads": 2}, {"target": "opencl"}):
        assert earlier_runs(replace(asked, **change), HERE, [""], experienced) == []


def test_only_trials_without_a_gap_before_them_are_used():
    with Database.open(None) as database:
        row = database.begin(setup(32, 32, 32), {}, HERE)
        crash = failure("crash", "run", "SIGSEGV")
        session = search_of(settled(setup(32, 32, 32), HERE, database), database).session
        records = [session.observe(c.number, crash) for c in session.next(8)]
        database.append(row, [records[n] for n in (0, 1, 2, 4, 5)])
        (run,) = earlier_runs(setup(8, 8, 8), HERE, [""], database)
        assert run.source == ("", row, 3)
        assert recalled([list(run.source)], database) == [run]
        known = settled(setup(8, 8, 8, transfer=[""]), HERE, database)
        assert search_of(known, database).learnt_from == {}  # three crashes teach nothing


def test_runs_are_learnt_from_in_files_of_either_kind(experienced, tmp_path):
    log, copy = tmp_path / "runs.tvmlog.jsonl", tmp_path / "copy.db"
    write_log(experienced, log)
    with Database.open(copy) as database:
        store(database, setup(32, 32, 32, trials=8))
    known = settled(setup(8, 8, 8, transfer=places([log, copy], None)), HERE, experienced)
    assert [source[2] for source in known.learnt_from] == [64, 64, 8]
    log.write_text("")
    with pytest.raises(UsageError, match="which are no longer there"):
        search_of(known, experienced)
    log.write_text(json.dumps({"input": []}) + "\n")
    with pytest.raises(UsageError, match="holds no run of tvmlab to learn from"):
        search_of(known, experienced)


def test_a_run_whose_teachers_are_gone_is_refused(experienced):
    known = settled(setup(8, 8, 8, transfer=[""]), HERE, experienced)
    with (
        Database.open(None) as empty,
        pytest.raises(UsageError, match="learnt from 64 trials of session 1 in its database"),
    ):
        search_of(known, empty)


def test_what_cannot_learn_is_refused(experienced):
    with pytest.raises(UsageError, match="'random' has no model that could learn"):
        settled(setup(8, 8, 8, explorer="random", transfer=[""]), HERE, experienced)
    with pytest.raises(UsageError, match="give db="):
        places(True, None)
    assert places(True, "run.db") == [""]
    assert places(False, "run.db") is None


def test_a_run_begins_with_the_best_of_its_own_and_the_nearest_of_others(experienced):
    asked = setup(32, 32, 32, warm_start=True)
    known = settled(asked, HERE, experienced)
    best = experienced.best(asked.workload, "cpu").config
    begin = [{k: tuple(v) if isinstance(v, list) else v for k, v in c.items()} for c in known.first]
    assert best in begin[1:2]
    assert len(begin) > 5
    session = search_of(known, experienced).session
    assert [c.config for c in session.next(3)] == begin[:3]
    alone = settled(replace(asked, warm_start=False, trials=8), HERE, experienced)
    assert alone.first == begin[:1]


def test_a_run_begins_beside_the_default_choice(experienced):
    asked = setup(32, 32, 32, trials=100)
    space, (default,) = space_of(asked)
    known = settled(asked, HERE, experienced)
    assert known.first[0] == default
    changed = [(space.digits(c) != space.digits(default)).sum() for c in known.first[1:]]
    assert changed == [1] * 8
    assert settled(asked, HERE, experienced).first == known.first
    assert settled(replace(asked, seed=1), HERE, experienced).first != known.first
    for other in ({"explorer": "random"}, {"transfer": [""]}, {"trials": 11}):
        assert settled(replace(asked, **other), HERE, experienced).first == [default]


def test_configurations_of_other_sizes_are_brought_to_the_nearest_legal_ones(experienced):
    asked = setup(24, 48, 32)
    space, (default,) = space_of(asked)
    runs = earlier_runs(asked, HERE, [""], experienced)
    found = good_configs(space, asked, runs)
    assert len(found) == 2
    drawn = space.draw(200, np.random.default_rng(0))
    assert max(map(time_s, found)) < np.percentile([time_s(space.config(d)) for d in drawn], 10)
    for config in found:
        assert space.trace(config)
    assert good_configs(space, replace(asked, template="another"), runs) == []
    assert default not in found


def test_the_nearest_option_differs_by_the_least_factors():
    from tvmlab.ops.knobs import ChoiceKnob, SplitKnob

    assert nearest_option(SplitKnob("y", 96, 2), (8, 8)) == (8, 12)
    assert nearest_option(ChoiceKnob("lanes", (4, 16, 64)), 30) == 16
    assert nearest_option(ChoiceKnob("pack", (False, True)), True) is True
    assert nearest_option(ChoiceKnob("n", (0, 1)), True) is None
    assert nearest_option(ChoiceKnob("how", ("rows", "columns")), "tiles") is None
    assert nearest_option(ChoiceKnob("how", ("rows", "columns")), None) is None


def test_workloads_are_near_where_their_extents_are():
    def of(*shape):
        return to_json(ops.matmul(*shape).tensors)

    assert distance(of(32, 32, 32), of(32, 32, 32)) == 0
    assert distance(of(32, 32, 32), of(32, 32, 64)) < distance(of(32, 32, 32), of(128, 32, 32))
    assert distance(of(32, 32, 32), to_json(ops.softmax(64, 64).tensors)) == float("inf")


@pytest.mark.parametrize("kind", ["xgboost-rank", "xgboost-regression", "ridge"])
def test_a_models_own_trials_correct_what_it_was_taught(kind):
    rng = np.random.default_rng(0)
    x = rng.random((400, 3)).astype(np.float32)
    elsewhere, here = 1 + 3 * x[:, 0] + x[:, 1], 1 + 3 * x[:, 0] + 2 * (1 - x[:, 1])
    prior = Prior(
        MODELS[kind](0),
        [Examples("a", x[:200], elsewhere[:200]), Examples("b", x[:100], 5 * elsewhere[:100])],
    )
    assert prior.trials == {"a": 200, "b": 100}
    model = TransferredModel(MODELS[kind](0), prior)
    before = rank_correlation(model.predict(x[300:]), here[300:])
    np.testing.assert_array_equal(model.predict(x[300:]), prior(x[300:]))
    model.fit(x[200:230], here[200:230] / here[200:230].max())
    after = rank_correlation(model.predict(x[300:]), here[300:])
    assert 0.3 < before < after
