"""Searches compared on recorded spaces: how many trials each takes, as in the paper's figures 4-8.

    .venv/bin/python benchmarks/search_table.py [--spaces depthwise,...] [--searches random,...]
                                                [--seeds 10] [--most 500] [--json FILE]
                                                [--page FILE]

Nothing is measured: a trial's time is drawn from those that `record_space.py` took (see
`replay.py`), so the table is the same on every machine. Each figure is the median, over the seeds,
of the trials until a configuration of at least that share of the best one's speed was tried.
`--page docs/search.md` writes the page in the documentation anew.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from math import inf, isinf
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

from recording import Recording
from replay import BATCH, SHARES, Make, exact_median, medians, trials_needed

from tvmlab.measure.canonical import canonical
from tvmlab.tune.choice import explorer_named
from tvmlab.tune.explorers import EXPLORERS, GuidedExplorer
from tvmlab.tune.explorers.evolutionary import EvolutionaryExplorer
from tvmlab.tune.features import FEATURES, KnobFeatures
from tvmlab.tune.models import RankingModel
from tvmlab.tune.models.transferred import Examples, Prior
from tvmlab.tune.space import Space
from tvmlab.tune.transfer import aligned

RECORDED = Path(__file__).resolve().parents[1] / "tests" / "tune" / "recorded"

BY_CHANCE = "by chance"
"""The name of the row that is computed: the median of drawing without repeats."""

GUIDED = ("model", "evolutionary")
"""Explorers that differ in the way through large spaces alone; they have rows of their own."""

SLOW = tuple(name for name in FEATURES if name != "knob")
"""Features that need the program of a configuration: asked for by name only, an hour otherwise."""


class Annealed(GuidedExplorer):
    """Looks for what the model likes by annealing, as in a space too large to be scored whole."""

    whole = 0


class Bred(EvolutionaryExplorer):
    """Looks for what the model likes by evolution, as in a space too large to be scored whole."""

    whole = 0


def searches(of: str = "") -> dict[str, Make]:
    """Name -> what makes the explorer: figure 4's explorers, 5's models, 6's diversity, 7's
    features and 8's transfer, from the recording `of` other sizes; and ways through a large space.
    """
    found: dict[str, Make] = {name: kind for name, kind in EXPLORERS.items() if name not in GUIDED}
    for model in ("xgboost-rank", "xgboost-regression", "ridge", "random"):
        found[f"model: {model}"] = partial(_guided, model=model)
    for diversity in (0.1,):
        found[f"model: diversity {diversity}"] = partial(_guided, diversity=diversity)
    found["model: transfer"] = partial(_transferred, of)
    found["model: by annealing"] = Annealed
    found["model: by evolution"] = Bred
    for features in SLOW:
        found[f"model: features {features}"] = partial(_guided, features=features)
    return found


def _guided(space: Space, seed: int, **options: Any) -> Any:
    return explorer_named("model", space, seed, **options)


def _transferred(of: str, space: Space, seed: int) -> Any:
    """The model that knows what was measured of the same kind of space at other sizes."""
    earlier = recorded(f"earlier/{of}")
    here, there = KnobFeatures(space), KnobFeatures(earlier.space)
    columns = aligned(there(earlier.space.everything()), there, here)
    examples = Examples(canonical(earlier.about["workload"]), columns, earlier.shares)
    return _guided(space, seed, prior=Prior(RankingModel(seed), [examples]))


@cache
def recorded(space: str) -> Recording:
    """The recording of that name; a process reads it once."""
    return Recording.read(RECORDED / f"{space}.parquet")


def run(task: tuple[str, str, int, int, int]) -> dict[float, float]:
    """The trials that one search of one space took, from one seed."""
    space, search, seed, most, batch = task
    return trials_needed(recorded(space), searches(space)[search], seed, most=most, batch=batch)


def compare(
    spaces: Sequence[str], names: Sequence[str], seeds: int, most: int, batch: int, workers: int
) -> list[dict[str, Any]]:
    """A row for each space and search."""
    rows: list[dict[str, Any]] = []
    # Workers are processes: each with threads of its own, they would wait for each other's cores.
    os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        for space in spaces:
            chance = {share: exact_median(recorded(space), share) for share in SHARES}
            rows.append(_row(space, BY_CHANCE, chance))
            for name in names:
                tasks = [(space, name, seed, most, batch) for seed in range(seeds)]
                rows.append(_row(space, name, medians(list(pool.map(run, tasks)))))
                print("  ".join(str(cell) for cell in cells(rows[-1])), flush=True)
    return rows


def gathered(paths: Sequence[str]) -> list[dict[str, Any]]:
    """The rows of several runs, each once, by space and then in the order of `searches`."""
    order = [BY_CHANCE, *searches()]
    read = [row for path in paths for row in json.loads(Path(path).read_text())]
    rows = {(row["space"], order.index(row["search"])): row for row in read}
    return [rows[key] for key in sorted(rows)]


def _row(space: str, search: str, trials: Mapping[float, float]) -> dict[str, Any]:
    plain = {f"{share:.2f}": None if isinf(n) else n for share, n in trials.items()}
    return {"space": space, "search": search, "trials": plain}


def cells(row: Mapping[str, Any]) -> list[str]:
    """A row's words and figures; a dash where the trials did not suffice."""
    shown = ["-" if n is None else f"{n:g}" for n in row["trials"].values()]
    return [row["space"], row["search"], *shown]


def verdict(rows: Sequence[Mapping[str, Any]], search: str = "model: xgboost-rank") -> list[str]:
    """For each space one sentence on the model against chance and breeding, at 95 %."""
    found: dict[str, dict[str, float]] = {}
    for row in rows:
        needed = row["trials"]["0.95"]
        found.setdefault(row["space"], {})[row["search"]] = inf if needed is None else needed
    lines = []
    for space, needed in found.items():
        if not {search, "genetic"} <= needed.keys():
            continue
        model, chance, bred = needed[search], needed[BY_CHANCE], needed["genetic"]
        is_good = model <= chance / 2 and model <= bred
        lines.append(
            f"- {space}: {_told(model)} trials; {chance:g} by chance, {_told(bred)} by breeding: "
            f"{'met' if is_good else 'not met'}."
        )
    return lines


def _told(trials: float) -> str:
    return "too many" if isinf(trials) else f"{trials:g}"


def page(rows: Sequence[Mapping[str, Any]], seeds: int, most: int, batch: int) -> str:
    """The page of the documentation."""
    spaces = list(dict.fromkeys(row["space"] for row in rows))
    head = ["space", "search", *(f"{100 * share:.0f} %" for share in SHARES)]
    table = [
        "| " + " | ".join(line) + " |"
        for line in (head, ["---"] * len(head), *(cells(row) for row in rows))
    ]
    return ABOUT.format(
        seeds=seeds,
        batch=batch,
        most=most,
        verdict="\n".join(verdict(rows)),
        table="\n".join(table),
        spaces="\n".join(_about(recorded(space)) for space in spaces),
        earlier="\n".join(_about(recorded(f"earlier/{space}")) for space in spaces),
    )


ABOUT = """\
# Searches compared

How many trials a search takes until it has tried a configuration of 90, 95 and 99 % of the best
one's speed: the median of {seeds} seeds, {batch} candidates a batch, a dash where {most} trials did
not suffice. `by chance` is computed: the median of drawing without repeats. Some thousand points of
each space were measured once, and a trial draws one of the times that its configuration then had.
Written by `.venv/bin/python benchmarks/search_table.py --page docs/search.md`; new spaces come from
`benchmarks/record_space.py`.

## The goal

95 % of the best in at most half the trials that chance takes, and in no more than breeding takes:

{verdict}

## The trials

`genetic`, `random` and `grid` learn no model. `model: xgboost-rank` is what `t.tune` uses if
nothing is asked for; the rows below it change one thing each: the model, `diversity`, what was
known beforehand (`transfer`: the points of the same kind of space at other sizes, listed at the
end), what the model sees (`features`: of the program in place of the knobs), and how a space is
looked through that is too large to be scored whole (`by annealing`, the explorer `model`;
`by evolution`, the explorer `evolutionary`; spaces of up to 4096 points are scored whole by both).
With `transfer` every seed begins at the same place, so a figure is nearly one draw, and what holds
elsewhere may mislead here: in `layer_norm_sketch` it is worse than knowing nothing. There, half of
the points are of a structure that gives 85 % of the best speed at most and gives it often, and a
search settles in it. While nothing better is found, a quarter of each batch is therefore of other
structures; without that, `transfer` and `by evolution` took more than 250 trials to 90 % there.
(`t.tune` tries the default of every structure first; here nothing is tried first.)

{table}

## The spaces

How they were chosen: a search can halve the trials of chance only where chance takes many, so a
space was wanted of which less than 1 % of the points are within 5 % of the best. That rule was
settled before any search was tried; on the first spaces searches had been tried before the last
were recorded, and none was left out for what a search made of it. Of 23 spaces 200 or 250 points
were measured; of those nine that had few good points, and could be built in minutes, 3000. Seven
passed. These two did not: the template of conv2d (1.2 %) and tilings of batch_matmul (3.3 %). Four
that had few good points took too long to build: sketches of conv2d and conv2d_transpose, the
template of pointwise and tilings of conv3d. Most templates of this library are no such spaces (2 to
24 % of the 250 points are good, conv2d's apart): their options are those that registers and caches
suggest, and one of 20 trials has found something there.

What was tuned on them: how many trials a search draws before it asks its model, chosen as 16 on
`conv1d_tilings`, `depthwise_tilings` and the template of conv2d, where 8 and 32 took more. The
other five spaces had no say; on three of them 16 then took fewer than 8 did, on two a little more.

The times are those of one thread with a core of its own, compiled by the preset `explore`; each
round is a pass over all points in an order of its own. What came within a fifth of the best had as
many rounds again, so that the best is not best by luck.

Points are what is left of a space: where breeding, annealing or evolution make a configuration that
was not measured, the nearest measured one is tried in its place.

{spaces}

Measured beforehand, for `transfer`:

{earlier}
"""


def _about(recording: Recording) -> str:
    about, shares = recording.about, recording.shares
    failed = sum(row["status"] != "ok" for row in recording.rows)
    good = int((shares >= 0.95).sum())
    machine = about["environment"]
    return (
        f"- {about['name']}: `{about['operator']}`, {len(shares)} of {about['drawn_from']} "
        f"configurations, {failed} of them failures, {good} "
        f"({100 * good / len(shares):.2f} %) within 5 % of the best, "
        f"whose times differ by {100 * spread(recording):.1f} % between rounds; "
        f"{machine['processor']}, {machine['threads']} thread, {machine['date']}."
    )


def spread(recording: Recording) -> float:
    """By how much the median of a good configuration's rounds is above their least, typically."""
    pairs = zip(recording.rows, recording.shares, strict=True)
    good = [row["times_ns"] for row, share in pairs if share >= 0.95]
    return median(median(times) / min(times) - 1 for times in good)


def parser() -> argparse.ArgumentParser:
    known = sorted(path.stem for path in RECORDED.glob("*.parquet"))
    quick = [name for name in searches() if not any(name.endswith(kind) for kind in SLOW)]
    found = argparse.ArgumentParser(description="Searches compared on recorded spaces.")
    found.add_argument("--spaces", default=",".join(known))
    found.add_argument("--searches", default=",".join(quick), help=f"of {', '.join(searches())}")
    found.add_argument("--seeds", type=int, default=10)
    found.add_argument("--most", type=int, default=500, help="trials of a search at most")
    found.add_argument("--batch", type=int, default=BATCH, help="candidates between two fits")
    found.add_argument("--workers", type=int, default=2, help="processes")
    found.add_argument("--json", help="also write the rows to this file")
    found.add_argument("--rows", help="take the rows from files of --json, and run nothing")
    found.add_argument("--page", help="also write the page of the documentation to this file")
    return found


def main() -> None:
    args = parser().parse_args()
    spaces, names = args.spaces.split(","), args.searches.split(",")
    if args.rows:
        rows = gathered(args.rows.split(","))
    else:
        rows = compare(spaces, names, args.seeds, args.most, args.batch, args.workers)
    print("\n".join(verdict(rows)))
    if args.json:
        Path(args.json).write_text(json.dumps(rows, indent=1))
    if args.page:
        Path(args.page).write_text(page(rows, args.seeds, args.most, args.batch))


if __name__ == "__main__":
    main()
