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
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from math import inf, isinf
from pathlib import Path
from typing import Any

from recording import Recording
from replay import BATCH, SHARES, Make, exact_median, medians, trials_needed

from tvmlab.tune.choice import explorer_named
from tvmlab.tune.explorers import EXPLORERS
from tvmlab.tune.features import FEATURES
from tvmlab.tune.space import Space

RECORDED = Path(__file__).resolve().parents[1] / "tests" / "tune" / "recorded"

BY_CHANCE = "by chance"
"""The name of the row that is computed: the median of drawing without repeats."""

SLOW = tuple(name for name in FEATURES if name != "knob")
"""Features that need the program of a configuration: asked for by name only, hours otherwise."""


def searches() -> dict[str, Make]:
    """Name -> what makes the explorer: figure 4's explorers, 5's models, 6's diversity, 7's
    features."""
    found: dict[str, Make] = {name: kind for name, kind in EXPLORERS.items() if name != "model"}
    for model in ("xgboost-rank", "xgboost-regression", "ridge", "random"):
        found[f"model: {model}"] = partial(_guided, model=model)
    for diversity in (0.1,):
        found[f"model: diversity {diversity}"] = partial(_guided, diversity=diversity)
    for features in SLOW:
        found[f"model: features {features}"] = partial(_guided, features=features)
    return found


def _guided(space: Space, seed: int, **options: Any) -> Any:
    return explorer_named("model", space, seed, **options)


@cache
def recorded(space: str) -> Recording:
    """The recording of that name; a process reads it once."""
    return Recording.read(RECORDED / f"{space}.parquet")


def run(task: tuple[str, str, int, int, int]) -> dict[float, float]:
    """The trials that one search of one space took, from one seed."""
    space, search, seed, most, batch = task
    return trials_needed(recorded(space), searches()[search], seed, most=most, batch=batch)


def compare(
    spaces: Sequence[str], names: Sequence[str], seeds: int, most: int, batch: int, workers: int
) -> list[dict[str, Any]]:
    """A row for each space and search."""
    rows: list[dict[str, Any]] = []
    with ProcessPoolExecutor(workers) as pool:
        for space in spaces:
            chance = {share: exact_median(recorded(space), share) for share in SHARES}
            rows.append(_row(space, BY_CHANCE, chance))
            for name in names:
                tasks = [(space, name, seed, most, batch) for seed in range(seeds)]
                rows.append(_row(space, name, medians(list(pool.map(run, tasks)))))
                print("  ".join(str(cell) for cell in cells(rows[-1])), flush=True)
    return rows


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
            f"- {space}: {model:g} trials; {chance:g} by chance, {bred:g} by breeding: "
            f"{'met' if is_good else 'not met'}."
        )
    return lines


def page(rows: Sequence[Mapping[str, Any]], seeds: int, most: int, batch: int) -> str:
    """The page of the documentation."""
    spaces = list(dict.fromkeys(row["space"] for row in rows))
    told = [_about(recorded(space)) for space in spaces]
    head = ["space", "search", *(f"{share:.0%}" for share in SHARES)]
    table = [
        "| " + " | ".join(line) + " |"
        for line in (head, ["---"] * len(head), *(cells(row) for row in rows))
    ]
    return "\n".join(
        [
            "# Searches compared",
            "",
            "How many trials a search takes until it has tried a configuration of 90, 95 and 99 % "
            "of the best one's",
            f"speed: the median of {seeds} seeds, {batch} candidates a batch, a dash where "
            f"{most} trials did not suffice.",
            f"`{BY_CHANCE}` is computed: the median of drawing without repeats. Every space was "
            "measured whole, once, and",
            "a trial draws one of the times that its configuration then had. Written by",
            "`.venv/bin/python benchmarks/search_table.py --page docs/search.md`; new spaces come "
            "from",
            "`benchmarks/record_space.py`.",
            "",
            "## The goal",
            "",
            "95 % of the best in at most half the trials that chance takes, and in no more than "
            "breeding takes:",
            "",
            *verdict(rows),
            "",
            "## The trials",
            "",
            *table,
            "",
            "## The spaces",
            "",
            *told,
            "",
        ]
    )


def _about(recording: Recording) -> str:
    about, shares = recording.about, recording.shares
    failed = sum(row["status"] != "ok" for row in recording.rows)
    machine = about["environment"]
    return (
        f"- {about['name']}: `{about['operator']}`, {len(shares)} configurations, {failed} of them "
        f"failures, {int((shares >= 0.95).sum())} within 5 % of the best; "
        f"{machine['processor']}, {machine['threads']} thread, {machine['date']}."
    )


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
    found.add_argument("--page", help="also write the page of the documentation to this file")
    return found


def main() -> None:
    args = parser().parse_args()
    spaces, names = args.spaces.split(","), args.searches.split(",")
    rows = compare(spaces, names, args.seeds, args.most, args.batch, args.workers)
    print("\n".join(verdict(rows)))
    if args.json:
        Path(args.json).write_text(json.dumps(rows, indent=1))
    if args.page:
        Path(args.page).write_text(page(rows, args.seeds, args.most, args.batch))


if __name__ == "__main__":
    main()
