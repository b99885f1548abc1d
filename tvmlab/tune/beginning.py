"""How a run begins: what it takes from earlier runs is settled once and stored with its setup.

So a run that goes on, with more in the database than there was, proposes what it would have.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from tvmlab.errors import UsageError
from tvmlab.measure.cassette import Cassette
from tvmlab.tune.choice import explorer_named
from tvmlab.tune.database import Database
from tvmlab.tune.earlier import OWN, earlier_runs, recalled
from tvmlab.tune.explorers import EXPLORERS, GuidedExplorer
from tvmlab.tune.model_guided import ModelGuided
from tvmlab.tune.session import Session, batch_size, thinking_ahead
from tvmlab.tune.setup import Setup
from tvmlab.tune.setup_space import space_of
from tvmlab.tune.space import Config, Space
from tvmlab.tune.title import title
from tvmlab.tune.transfer import prior_of
from tvmlab.tune.warm_start import adapted, good_configs

BESIDE = 1 / 12
"""Of all trials, for changes of the default choice in one knob each."""

MOST_BESIDE = 16
"""So many of them at most: about two for each knob of the larger templates."""


class Search(NamedTuple):
    """A search that is ready to begin.

    Attributes:
        session: what is searched.
        begins_with: how many configurations are tried before the explorer is asked.
        learnt_from: how many earlier trials its model knows, by what they are of.
    """

    session: Session
    begins_with: int
    learnt_from: dict[str, int]


def settled(setup: Setup, device: Mapping[str, Any], database: Database) -> Setup:
    """`setup` with everything chosen that a run chooses as it begins.

    Raises:
        UsageError: a place to learn from has nothing of ours, or the explorer cannot learn.
        DatabaseError: a database cannot be read.
    """
    space, first = space_of(setup)
    batch = setup.batch or batch_size(min(setup.trials, space.size))
    ahead = thinking_ahead(batch) if setup.ahead is None else setup.ahead
    begin_with = [*first, *(setup.first or ())]
    if setup.cassette is not None:
        begin_with = _recorded(space, setup.cassette) or begin_with
    if setup.warm_start:
        own = earlier_runs(setup, device, [OWN], database)
        begin_with += good_configs(space, setup, own)
    if setup.transfer is None and setup.cassette is None:
        begin_with += _beside(space, first, setup)
    sources = None
    if setup.transfer is not None:
        if not issubclass(EXPLORERS.get(setup.explorer, object), ModelGuided):
            raise UsageError(
                f"the explorer {setup.explorer!r} has no model that could learn from earlier runs; "
                f"leave `transfer` out, or use the explorer {GuidedExplorer.name!r}."
            )
        runs = earlier_runs(setup, device, setup.transfer, database)
        sources = [run.source for run in runs]
    return replace(setup, batch=batch, ahead=ahead, first=begin_with, learnt_from=sources)


def _recorded(space: Space, cassette: str) -> list[Config]:
    """The configurations of `space` that a cassette has an answer for."""
    found = [adapted(space, config) for config in Cassette.read(cassette).configs]
    return [config for config in found if config is not None]


def _beside(space: Space, first: Sequence[Config], setup: Setup) -> list[Config]:
    """A template's default choice with another option in one knob, drawn.

    Of a large space most of what is drawn is far from good, so a model would begin by learning what
    is hopeless. What each knob does beside a good choice is what it needs to know.
    """
    count = min(MOST_BESIDE, int(setup.trials * BESIDE))
    if len(first) != 1 or not issubclass(EXPLORERS.get(setup.explorer, object), ModelGuided):
        return []  # sketches begin with a choice of each, and others learn no knobs
    places = np.repeat(space.digits(first[0])[None, :], count, axis=0)
    rows = space.neighbours(places, np.random.default_rng(setup.seed))
    return [space.config(row) for row in rows]


def search_of(setup: Setup, database: Database) -> Search:
    """The search of a settled setup, where nothing is tried yet.

    Raises:
        UsageError: no such explorer, model or template, or what it learnt from is gone.
        DatabaseError: a database cannot be read.
    """
    space, default = space_of(setup)
    prior = None
    if setup.learnt_from:
        prior = prior_of(
            recalled(setup.learnt_from, database),
            space,
            setup.workload,
            model=setup.model or ModelGuided.default_model,
            features=setup.features or ModelGuided.default_features,
            seed=setup.seed,
        )
    explorer = explorer_named(
        setup.explorer, space, setup.seed, setup.model, setup.diversity, setup.features, prior
    )
    first = default if setup.first is None else setup.first
    session = Session(
        space, explorer, setup.trials, setup.batch, first, setup.early_stop, setup.ahead or 0
    )
    learnt_from = Counter[str]()
    for of, count in prior.trials.items() if prior is not None else ():
        learnt_from[title(json.loads(of))] += count
    return Search(session, len(first), dict(learnt_from))
