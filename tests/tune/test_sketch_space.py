"""One space of several templates: no configuration twice, and none that mixes them."""

from __future__ import annotations

import numpy as np
import pytest

from tvmlab import ops
from tvmlab.errors import UsageError
from tvmlab.ops.vector_unit import AVX2
from tvmlab.te.serial import to_json
from tvmlab.tune.explorer import History
from tvmlab.tune.explorers import EXPLORERS
from tvmlab.tune.features import KnobFeatures
from tvmlab.tune.setup import Setup
from tvmlab.tune.setup_space import space_of, template_name
from tvmlab.tune.sketch_space import SketchSpace
from tvmlab.tune.sketches import sketches

OUTPUTS = ops.conv2d(1, 4, 4, 4, 3, 3).tensors


@pytest.fixture(scope="module")
def space() -> SketchSpace:
    return SketchSpace(sketches(OUTPUTS), OUTPUTS)


def test_every_configuration_has_one_index_and_one_row(space: SketchSpace) -> None:
    rows = space.everything()
    assert len(rows) == space.size == len({tuple(row) for row in rows.tolist()})
    assert space.indices(rows) == list(range(space.size))
    np.testing.assert_array_equal(space.settled(rows), rows)
    for index in np.random.default_rng(0).integers(0, space.size, 50).tolist():
        np.testing.assert_array_equal(space.digits_at(index), rows[index])
        config = space.config(rows[index])
        np.testing.assert_array_equal(space.digits(config), rows[index])
        listed = {k: list(v) if isinstance(v, tuple) else v for k, v in config.items()}
        np.testing.assert_array_equal(space.digits(listed), rows[index])


def test_a_configuration_has_the_knobs_of_its_sketch_alone(space: SketchSpace) -> None:
    for title, sketch in sketches(OUTPUTS).items():
        config = {"sketch": title, **sketch.default(OUTPUTS)}
        assert space.config(space.digits(config)) == config
        assert space.trace(config)
        assert space.program(config)


def test_equal_knobs_of_sketches_share_a_column(space: SketchSpace) -> None:
    count = sum(len(sketch.knobs(OUTPUTS)) for sketch in sketches(OUTPUTS).values())
    assert len(space.knobs) < count
    assert len(KnobFeatures(space)(space.draw(3, np.random.default_rng(0)))) == 3


def test_draws_and_neighbours_are_configurations(space: SketchSpace) -> None:
    rng = np.random.default_rng(0)
    rows = space.draw(2000, rng)
    moved = space.neighbours(rows, rng)
    for batch in (rows, moved):
        np.testing.assert_array_equal(space.settled(batch), batch)
        assert ((batch >= 0) & (batch < space.radices)).all()
    assert (np.bincount(rows[:, 0]) > 200).all()  # each sketch has its turn
    leapt = rows[:, 0] != moved[:, 0]
    assert 50 < leapt.sum() < 250
    assert ((rows != moved).sum(axis=1)[~leapt] == 1).all()


@pytest.mark.parametrize("name", EXPLORERS)
def test_every_explorer_walks_it(space: SketchSpace, name: str) -> None:
    explorer = EXPLORERS[name](space, 0)
    rows = space.draw_new(16, np.random.default_rng(1), frozenset())
    for _ in range(3):
        scores = 1.0 / (1.0 + np.arange(len(rows)) % 7)
        seen = History(rows, scores, frozenset(space.indices(rows)))
        explorer.observe(seen)
        made = space.stack([p.digits for p in explorer.propose(16, seen)])
        np.testing.assert_array_equal(space.settled(made), made)
        rows = np.concatenate([rows, made])
    assert len(set(space.indices(rows))) == len(rows) == 64


def test_an_unknown_sketch_and_an_index_outside_are_told(space: SketchSpace) -> None:
    with pytest.raises(UsageError, match="has the sketch 'tile'"):
        space.digits({"sketch": "tile"})
    with pytest.raises(UsageError, match=f"ends at {space.size - 1}"):
        space.digits_at(space.size)


def test_a_setup_names_its_space() -> None:
    product = ops.matmul(8, 8, 8).tensors
    assert template_name(product, None, "cpu", AVX2).startswith("matmul/cpu")
    assert template_name(product, "template", "cpu", AVX2).startswith("matmul/cpu")
    name = template_name(product, "sketch", "cpu", AVX2)
    assert name == f"sketches/cpu/{AVX2}"
    space, first = space_of(Setup(to_json(product), name))
    assert isinstance(space, SketchSpace)
    assert [config["sketch"] for config in first] == list(sketches(product, AVX2))
    pool = ops.global_pool((1, 2, 4, 4)).tensors
    assert template_name(pool, None, "cpu", AVX2) == name
    assert template_name(pool, "template", "cpu", AVX2).startswith("generic/cpu")
    with pytest.raises(UsageError, match="the space 'everything' is not known"):
        template_name(product, "everything", "cpu", AVX2)
