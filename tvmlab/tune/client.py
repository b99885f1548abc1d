"""What a tuning run is asked to do: begun anew, or attached to where a database keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from tvmlab.errors import UsageError, did_you_mean
from tvmlab.measure.cluster_address import safe_address
from tvmlab.targets.cpu.host_vectors import host_vectors
from tvmlab.targets.cpu.threads import num_threads
from tvmlab.targets.cuda.target import present
from tvmlab.te import Tensor
from tvmlab.te.serial import to_json
from tvmlab.tune.choice import check_choice
from tvmlab.tune.database import Database
from tvmlab.tune.earlier import OWN
from tvmlab.tune.run import Run
from tvmlab.tune.setup import Setup
from tvmlab.tune.setup_space import template_name

Transfer = bool | str | Path | Sequence[str | Path]
"""What a run may learn from; see `start`."""


def start(
    outputs: Tensor | Sequence[Tensor],
    target: str = "cpu",
    trials: int = 64,
    seed: int = 0,
    db: str | Path | None = None,
    resume: bool = False,
    template: str | None = None,
    transfer: Transfer = False,
    space: str | None = None,
    **options: Any,
) -> Run:
    """Begin a search for a fast schedule of `outputs`; returns at once.

    Args:
        outputs: what `t.compute` returned.
        target: the name of a target.
        trials: how many candidates are tried.
        seed: seeds the search and the inputs: equal seeds propose alike while times agree.
        db: the file, or the address of the PostgreSQL database, that keeps every trial; None keeps
            them as long as the run is held.
        resume: whether to go on with the latest run of the same setup in `db`, if there is one.
        template: the name of a template; None takes the one that suits `outputs`.
        transfer: whether the model begins with what it learns from earlier runs: True for those in
            `db`, or the names of databases and of logs of ours.
        space: `template` searches the template's knobs, `sketch` the structures that rules derive
            from the expression; None takes sketches where the expression is no operator with a
            template of its own. Says nothing where `template` is given.
        options: further fields of `tvmlab.tune.setup.Setup`; `cluster="tcp://127.0.0.1:8786"` has
            the workers of that Dask scheduler measure.

    Raises:
        UsageError: no such option, explorer, model or features, no template for the target, or a
            cluster that is neither on this machine nor encrypted.
    """
    given: dict[str, Any] = {"target": target, "trials": trials, "seed": seed}
    return Run(setup_of(outputs, db, template, transfer, space, **given | options), db, resume)


def setup_of(
    outputs: Tensor | Sequence[Tensor],
    db: str | Path | None,
    template: str | None = None,
    transfer: Transfer = False,
    space: str | None = None,
    target: str = "cpu",
    **options: Any,
) -> Setup:
    """What a run is asked to do; arguments and errors as for `start`."""
    names = [field.name for field in fields(Setup)]
    unknown = next((option for option in options if option not in names), None)
    if unknown is not None:
        raise UsageError(f"tune has no option {unknown!r}; {did_you_mean(unknown, names)}.")
    if options.get("cluster") is not None:
        safe_address(options["cluster"])
    chosen = template or template_name(outputs, space, target, host_vectors(), present(target))
    given = {"threads": num_threads(), "transfer": places(transfer, db)} | options
    described = {"target": target, "template": chosen, "workload": to_json(outputs)}
    setup = Setup.from_json(given | described)
    check_choice(setup.explorer, setup.model, setup.diversity, setup.features)
    return setup


def attach(db: str | Path, session: int | None = None, trials: int | None = None) -> Run:
    """A handle on a run that a database keeps, which goes on where it was left; returns at once.

    A run's process ends with the kernel that started it, and no trial is lost. Attached, it tells
    all trials again, and then measures those that it would have measured next.

    Args:
        db: what the run was given as `db`.
        session: its number there; the latest run if left out.
        trials: how many candidates are tried in all; as many as were asked for if left out. A run
            that is over has nothing to do, unless more are asked for.

    Raises:
        DatabaseError: the database cannot be read, or holds no such run. (That another program
            still writes to the run is told by the handle: it is `failed`, and says so.)
        UsageError: less than one trial.
    """
    with Database.open(db, create=False) as database:
        stored = database.session(session)
    setup = stored.setup if trials is None else replace(stored.setup, trials=trials)
    return Run(setup, db, attach_to=stored.id)


def places(transfer: Transfer, db: str | Path | None) -> list[str] | None:
    """Where a run that is kept in `db` learns from, as `Setup.transfer`.

    Raises:
        UsageError: from the runs in `db`, but there is none.
    """
    if transfer is False:
        return None
    if transfer is True:
        if db is None:
            raise UsageError(
                "transfer=True learns from the runs in the database of this one, which has none; "
                "give db=, or the names of files to learn from."
            )
        return [OWN]
    several = [transfer] if isinstance(transfer, str | Path) else transfer
    return [str(p) if "://" in str(p) else str(Path(p).resolve()) for p in several]
