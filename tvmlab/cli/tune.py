"""`tvmlab tune`: search for a fast schedule of an operator, in a process of its own.

Every trial is stored before it is told, so that an interrupt, a kill or a power cut loses nothing
but what was being measured.
"""

from __future__ import annotations

import argparse
import shlex
import sys

from tvmlab import api
from tvmlab.cli import tune_model, verdict
from tvmlab.cli.asked import Asked, asked_for
from tvmlab.cli.entry import INTERRUPTED
from tvmlab.cli.files import write_whole
from tvmlab.cli.interrupt import LOOK_S, cut_short
from tvmlab.cli.progress import Progress, failures, progress_on
from tvmlab.cli.speed import Speed
from tvmlab.cli.tune_options import cassette_of, parser, require_files
from tvmlab.errors import UsageError
from tvmlab.measure.in_turn import measure_in_turn
from tvmlab.schedule import State, Trace, step_from_json
from tvmlab.tune.finals import finalists
from tvmlab.tune.run import Run
from tvmlab.tune.store import shown


def run(words: list[str]) -> int:
    """Tune, show how it goes, and end with the best verified schedule as Python."""
    if any(word.split("=")[0] == "--model-file" for word in words):
        return tune_model.run(words)
    given = parser().parse_args(words)
    asked = asked_for(given.op, given.shape, given.constant)
    require_files(given)
    cassette = cassette_of(asked, given)
    given.target = given.target or (cassette.target if cassette is not None else "cpu")
    elsewhere = "on the cluster" if given.cluster is not None else ""
    print(f"tuning {asked} for {given.target}, {given.trials} trials, {_kept(given)}")
    if cassette is not None:
        elsewhere = cassette.label
        print(f"{elsewhere}: nothing is measured here, and no time is this machine's")
    speed = Speed(State.start(asked.tensors))
    tuning = api.tune(
        asked.tensors,
        given.target,
        given.trials,
        given.seed,
        given.db,
        resume=given.resume,
        explorer=given.explorer,
        model=given.model,
        features=given.features,
        diversity=given.diversity,
        early_stop=given.early_stop,
        cluster=given.cluster,
        transfer=given.transfer,
        warm_start=given.warm_start,
        space=given.space,
        cassette=None if cassette is None else str(given.cassette),
    )
    is_whole = follow(tuning, progress_on(sys.stderr, speed.rate), given.resume)
    if tuning.status == "failed":
        raise UsageError(tuning.reason)
    print("\n".join([ending(tuning), *drift(tuning)]), flush=True)
    if tuning.best is not None:
        show_best(asked, tuning, given, is_whole, elsewhere)
    if not is_whole:
        print(how_to_go_on(words, given))
        return INTERRUPTED
    return 0 if tuning.best is not None else 1


def _kept(given: argparse.Namespace) -> str:
    return f"kept in {shown(given.db)}" if given.db is not None else "not kept (--db run.db would)"


def follow(tuning: Run, progress: Progress, is_resumed: bool) -> bool:
    """Show the run until it is over; False where it was interrupted."""
    try:
        while not tuning.started and not tuning.is_over:
            tuning.wait(LOOK_S)
        if is_resumed and tuning.started:
            restored = tuning.started["restored"]
            print(f"going on after {restored} trials" if restored else NOTHING_TO_RESUME)
        for line in known_before(tuning):
            print(line)
        while not tuning.is_over:
            progress.show(tuning)
            tuning.wait(LOOK_S)
        progress.close(tuning)
        return True
    except KeyboardInterrupt:
        progress.close(tuning)
        cut_short(tuning)
        return False
    finally:
        tuning.close()


def known_before(tuning: Run) -> list[str]:
    """What the run takes from earlier ones, a line for each way of doing so."""
    lines = []
    learnt_from, begins_with = (tuning.started.get(name) for name in ("learnt_from", "begins_with"))
    if tuning.setup.warm_start and begins_with:
        lines.append(f"begins with {begins_with} configurations, the template's own among them")
    if learnt_from:
        listed = ", ".join(f"{count} of {of}" for of, count in list(learnt_from.items())[:4])
        more = f" and {len(learnt_from) - 4} other workloads" if len(learnt_from) > 4 else ""
        lines.append(f"learns from {sum(learnt_from.values())} earlier trials: {listed}{more}")
    elif tuning.setup.transfer is not None and tuning.started:
        lines.append("no earlier run on this machine teaches anything about this operator")
    return lines


NOTHING_TO_RESUME = "no run with these options to go on with: a new one begins"


def ending(tuning: Run) -> str:
    """One line: how many trials, how long, what failed, why it ended."""
    trials = list(tuning.trials)
    good = sum(record.outcome.is_ok for record in trials)
    elapsed_s = tuning.progress.get("elapsed_s", 0.0)
    failed = failures(tuning)
    parts = f"{good} good" + (f", {failed}" if failed else "")
    return f"\n{len(trials)} trials in {elapsed_s:.0f} s: {parts} ({tuning.reason})"


def drift(tuning: Run) -> list[str]:
    """One line where the machine did not keep its pace, none where it did."""
    if not tuning.drifts:
        return []
    paces = [1 / slowdown for slowdown in tuning.drifts]
    low, high = f"{100 * min(paces):.0f} %", f"{100 * max(paces):.0f} %"
    how = f"{len(paces)} times, to {low} at the slowest and {high} at the fastest"
    if len(paces) == 1:
        how = f"once, to {low} of what it was"
    return [f"the machine changed its pace {how}; times are brought to the pace of the beginning"]


def show_best(
    asked: Asked,
    tuning: Run,
    given: argparse.Namespace,
    is_whole: bool,
    elsewhere: str,
) -> None:
    """Print the best with its figures and as Python, and write its trace.

    The run's fastest few are first measured once more, in turn, unless the user wants to be gone
    (see `tvmlab.tune.finals`), or they were measured `elsewhere`.
    """
    is_remeasured = is_whole and not elsewhere
    assert tuning.best is not None, "there is something to show"
    records = finalists(tuning.trials) if is_remeasured else [tuning.best]
    start = State.start(asked.tensors)
    states = [start.replay(step_from_json(step) for step in r.trace) for r in records]
    place, title = 0, f"best is trial {records[0].number}"
    if len(records) > 1:
        print(f"the {len(records)} fastest are measured again, with care", flush=True)
        outcomes, found = measure_in_turn(states, given.target, given.seed)
        if found is not None:
            place = found.leader
            title = verdict.standing(found, [record.number for record in records])
    elif is_remeasured:
        print("it is measured again, with care", flush=True)
        outcomes = [verdict.measure(states[0], given.target, given.seed)]
    else:
        outcomes = [tuning.best.outcome.as_measured]
    state = states[place]
    print(f"{title}:\n")
    print("\n".join(verdict.report(state, outcomes[place], elsewhere)))
    print(f"\n{python_of(asked, state, given.target)}\n")
    if given.out is not None:
        write_whole(given.out, Trace(state).to_json() + "\n", "--out")
        print(f"replay it with: tvmlab replay {shlex.quote(str(given.out))}")
    elif given.db is not None and is_remeasured:
        print("add --resume --out best.json to the same command for a trace file to replay")


def python_of(asked: Asked, state: State, target: str) -> str:
    """A program that makes the schedule and builds it for a target."""
    named = "" if target == "cpu" else f', "{target}"'
    return "\n".join(
        [
            "import tvmlab as t",
            "",
            f"s = t.create_schedule({asked.python})",
            *Trace(state).lines,
            f"f = t.build(s{named})",
        ]
    )


def how_to_go_on(words: list[str], given: argparse.Namespace) -> str:
    """What to type after an interrupt."""
    if given.db is None:
        return "the trials were not kept; with --db run.db the next run can be resumed"
    resume = [] if given.resume else ["--resume"]
    told = [word.replace(given.db, shown(given.db)) for word in words]
    return f"go on with: {shlex.join(['tvmlab', 'tune', *told, *resume])}"
