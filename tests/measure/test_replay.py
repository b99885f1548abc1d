from tests.measure.jobs import landscape, timed
from tvmlab.measure.replay import ReplayRunner
from tvmlab.measure.runner import measure_all
from tvmlab.measure.synthetic import SyntheticRunner


def test_what_was_not_recorded_is_a_launch_error():
    (outcome,) = measure_all(ReplayRunner({}), [timed(1.0)])
    assert (outcome.status, outcome.stage) == ("launch_error", "submit")
    assert "no outcome is recorded" in outcome.reason


def test_noise_depends_on_the_candidate_and_the_seed_alone():
    def measured(seed, times):
        runner = SyntheticRunner(landscape, noise=0.1, seed=seed)
        return dict(zip(times, measure_all(runner, [timed(t) for t in times]), strict=True))

    assert measured(1, [0.5, 0.25]) == measured(1, [0.25, 0.5])
    assert measured(1, [0.5])[0.5] != measured(2, [0.5])[0.5]
    assert all(0.5 <= t <= 0.55 for t in measured(1, [0.5])[0.5].times_s)
