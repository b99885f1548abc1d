"""What a tuning run is asked to do, as plain data: it crosses to another process and to disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from tvmlab.errors import UsageError
from tvmlab.measure.timing import Protocol

RANKING = Protocol(
    warmup_s=0.002, min_repeat_s=0.0005, limit_s=0.020, patience_s=0.25, interval_share=0.02
)
"""At least 3 repeats, and until the median is known to 2 % or 20 ms are over: enough to rank
candidates whose builds take several times that. One that takes more than a quarter of a second is
timed once."""


LATER = ("steps", "model", "diversity", "early_stop", "features", "ahead", "first", "warm_start",
         "transfer", "learnt_from", "cluster", "cassette")  # fmt: skip
"""Fields that setups written by the first version lack."""

LEAST = {"trials": 1, "seed": 0, "batch": 1, "threads": 1, "early_stop": 1, "ahead": 0}
"""The least that fields of whole numbers may be."""

SETTLED = ("batch", "ahead", "protocol", "first", "learnt_from")
"""Fields that are settled when a run begins, and that one which goes on takes from what it goes on
with."""


@dataclass(frozen=True)
class Setup:
    """One tuning run; UsageError where a number is none, or too small.

    Attributes:
        workload: the tensor expression, as `tvmlab.te.serial.to_json` writes it.
        template: the name of the template whose knobs are tuned.
        target: the name of the target.
        explorer: the name of an explorer (see `tvmlab.tune.explorers`).
        trials: how many candidates are tried.
        seed: seeds the search and the inputs.
        batch: candidates between two fits of the model; None chooses by `trials`.
        timeout_s: seconds a candidate may take to build, and again to run.
        protocol: how candidates are timed.
        threads: how many threads parallel loops run on; None for the tuner's default.
        steps: the steps of a schedule with holes, as `Step.to_json` writes them, whose holes are
            tuned in place of a template's knobs; None for the template.
        model: the name of the explorer's cost model (see `tvmlab.tune.models`); None: its own.
        diversity: how much the candidates of a batch are to differ (see `ModelGuided`).
        early_stop: end the run when so many trials in a row brought nothing better; None: never.
        features: the name of what the model sees (see `tvmlab.tune.features`); None: its own.
        ahead: see `tvmlab.tune.session.Session`; None chooses by `batch`.
        first: configurations to try first, after the good ones that are known without a search.
        warm_start: whether to try good configurations of earlier runs first.
        transfer: places of earlier runs for the model to learn from, as `tvmlab.tune.earlier` takes
            them; None: it begins with nothing.
        learnt_from: the runs found there, settled as the run begins.
        cluster: the address of a Dask scheduler whose workers measure (see
            `tvmlab.measure.cluster`); None: this machine.
        cassette: the file of a run recorded on a device that answers in its place (see
            `tvmlab.measure.cassette`); None: candidates are measured.
    """

    workload: dict[str, Any]
    template: str
    target: str = "cpu"
    explorer: str = "model"
    trials: int = 64
    seed: int = 0
    batch: int | None = None
    timeout_s: float = 10.0
    protocol: Protocol = RANKING
    threads: int | None = None
    steps: list[dict[str, Any]] | None = None
    model: str | None = None
    diversity: float = 0.0
    early_stop: int | None = None
    features: str | None = None
    ahead: int | None = None
    first: list[dict[str, Any]] | None = None
    warm_start: bool = False
    transfer: list[str] | None = None
    learnt_from: list[tuple[str, int, int]] | None = None
    cluster: str | None = None
    cassette: str | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            value, least = getattr(self, field.name), LEAST.get(field.name)
            if least is None or (value is None and field.default is None):
                continue
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise UsageError(
                    f"a tuning run was given {field.name}={value!r}; give a whole number, at "
                    f"least {least}."
                )
        if not isinstance(self.protocol, Protocol):
            raise UsageError(
                f"a tuning run was given protocol={self.protocol!r}; give a Protocol of "
                "tvmlab.measure.timing, which says how long and how often a candidate is timed."
            )
        if not isinstance(self.timeout_s, (int, float)) or not self.timeout_s > 0:
            raise UsageError(
                f"a tuning run was given timeout_s={self.timeout_s!r}; give seconds, above 0."
            )

    def going_on(self, stored: Setup) -> Setup:
        """This setup for a run that goes on with one stored as `stored`."""
        settled = {name: getattr(stored, name) for name in SETTLED}
        # Runs from before it was there chose each batch with all outcomes known.
        return replace(self, **settled | {"ahead": stored.ahead or 0})

    def to_json(self) -> dict[str, Any]:
        """This setup as plain data; `from_json` gives it back."""
        # Left out where nothing was asked: setups from before they were there compare equal.
        data = {
            f.name: getattr(self, f.name)
            for f in fields(self)
            if f.name not in LATER or getattr(self, f.name) != f.default
        }
        return data | {"protocol": asdict(self.protocol)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Setup:
        """The setup that `to_json` wrote; UsageError where the data is of another form."""
        try:
            given = dict(data)
            if isinstance(given.get("protocol"), Mapping):
                given["protocol"] = Protocol(**given["protocol"])
            return cls(**given)
        except (TypeError, ValueError) as error:
            raise UsageError(
                f"a tuning run's setup cannot be read ({error}); give one that `to_json` wrote."
            ) from error
