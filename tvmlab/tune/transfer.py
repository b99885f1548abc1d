"""What was learnt elsewhere: a model of earlier runs, to which a run's own model is added.

After section 4 of AutoTVM's paper: a global model is fitted to what was measured for other
workloads, and a local one to what it leaves unexplained of the trials of this one. So a run knows
from its first batch on what it would else have to find out, and unlearns what is not so here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from tvmlab.errors import TvmlabError
from tvmlab.measure.canonical import canonical
from tvmlab.tune.earlier import EarlierRun
from tvmlab.tune.features import FEATURES, Features
from tvmlab.tune.models import MODELS
from tvmlab.tune.models.transferred import Examples, Prior, by_workload
from tvmlab.tune.record import Record
from tvmlab.tune.setup_space import space_of
from tvmlab.tune.similarity import distance
from tvmlab.tune.space import Space

MOST = 4096
"""Trials that are learnt from at most, those of the most similar workloads first."""

MOST_OF_PROGRAMS = 512
"""As `MOST`, where features have to be read from scheduled programs, some 20 ms each."""

ENOUGH = 4
"""Different scores of one workload needed to learn anything from it."""


def prior_of(
    runs: Iterable[EarlierRun],
    space: Space,
    workload: Mapping[str, object],
    *,
    model: str,
    features: str,
    seed: int,
) -> Prior | None:
    """The model of earlier runs for configurations of `space`; None where they teach nothing.

    Features of knobs compare only where the knobs are the same, at whatever sizes; features of
    programs always do.

    Args:
        workload: what is searched now; the runs of what is most like it count first.
        model: the name of the cost model.
        features: the name of what it sees.
        seed: of the model.
    """
    here = FEATURES[features](space)
    room = MOST_OF_PROGRAMS if here.is_slow else MOST
    found = []
    for run in sorted(runs, key=lambda run: distance(workload, run.setup.workload)):
        examples = _examples(run, run.records[:room], space, here, features)
        if examples is not None:
            found.append(examples)
            room -= len(examples.speeds)
    useful = [each for each in by_workload(found) if len(np.unique(each.speeds)) >= ENOUGH]
    return Prior(MODELS[model](seed), useful) if useful else None


def _examples(
    run: EarlierRun, records: Sequence[Record], space: Space, here: Features, features: str
) -> Examples | None:
    """What trials of a run say, in the columns of `here`."""
    if not records:
        return None
    try:
        theirs, _ = space_of(run.setup)
    except TvmlabError:
        return None  # of a template that this version does not have
    if not here.is_general and [k.name for k in theirs.knobs] != [k.name for k in space.knobs]:
        return None
    rows, speeds = [], []
    for record in records:
        try:
            rows.append(theirs.digits(record.config))
        except TvmlabError:
            continue  # an option that this version does not offer
        speeds.append(1 / record.median_s if record.median_s else 0.0)
    if not rows:
        return None
    seen = FEATURES[features](theirs)
    columns = aligned(seen(theirs.stack(rows)), seen, here)
    return Examples(canonical(run.setup.workload), columns, np.array(speeds))


def aligned(rows: np.ndarray, theirs: Features, here: Features) -> np.ndarray:
    """Columns of the same name under each other; 0, an option not taken, for what is not there."""
    place = {column: n for n, column in enumerate(theirs.columns)}
    found = np.zeros((len(rows), len(here.columns)), dtype=np.float32)
    for n, column in enumerate(here.columns):
        if column in place:
            found[:, n] = rows[:, place[column]]
    return found
