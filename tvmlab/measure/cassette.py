"""Cassettes: a run on a device, recorded, that plays where the device is not.

A cassette is a text file of JSON lines. The first says what it is:

    {"cassette": 1, "target": "cuda", "device": {...}, "tvmlab": "0.1.0", "workload": {...}}

`device` is what `Target.device` said of the machine it was recorded on, `workload` the expression
as `tvmlab.te.serial.to_json` writes it. Each further line is a candidate:

    {"trace": [...], "config": {...}, "text": "...", "outcome": {...}}

its steps, the choices of a template that they follow from (where it is one), the kernels' text as
the target printed them ("" where there was none), and what became of it, times included. Nothing in
a cassette is executed. Outcomes that are played name the device and that they were recorded; they
are never mistaken for times of this machine.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tvmlab import targets
from tvmlab.errors import MeasureError, TvmlabError
from tvmlab.measure.outcome import Outcome
from tvmlab.measure.replay import ReplayRunner
from tvmlab.measure.request import Request
from tvmlab.measure.runner import Runner
from tvmlab.schedule import State, step_from_json
from tvmlab.te.serial import from_json
from tvmlab.version import __version__

VERSION = 1


@dataclass(frozen=True)
class Take:
    """One candidate of a cassette.

    Attributes:
        trace: its steps, as JSON.
        text: what the target printed for it; empty where it could not.
        outcome: what became of it.
        config: knob -> option, of the template that made it; empty where none did.
    """

    trace: list[dict[str, Any]]
    text: str
    outcome: Outcome
    config: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Cassette:
    """What was measured of one expression on one device.

    Attributes:
        target: the target's name.
        device: the device, as its target describes it.
        workload: the expression, as JSON.
        takes: the candidates, in the order in which they were measured.
    """

    target: str
    device: Mapping[str, Any]
    workload: dict[str, Any]
    takes: tuple[Take, ...]

    @property
    def label(self) -> str:
        """What stands beside everything that is played: `recorded on NAME`."""
        name = self.device.get("name") or self.device.get("device") or self.target
        return f"recorded on {name}"

    @classmethod
    def record(
        cls,
        runner: Runner,
        requests: Sequence[Request],
        timeout_s: float = 600.0,
        configs: Sequence[Mapping[str, Any]] = (),
    ) -> Cassette:
        """Measure `requests`, all of one expression and target, and keep what became of them, with
        the choices that each follows from where they are given.

        Raises:
            MeasureError: there are none, of several expressions or targets, or time ran out.
        """
        kinds = {(request.workload_key, request.target) for request in requests}
        if len(kinds) != 1:
            raise MeasureError(
                f"a cassette holds candidates of one expression and target, and was given "
                f"{len(kinds)}; record one for each."
            )
        tickets = {runner.submit(request): request for request in requests}
        found: dict[int, Outcome] = {}
        while len(found) < len(tickets):
            arrived = runner.poll(timeout_s)
            if not arrived:
                raise MeasureError(f"nothing was measured for {timeout_s:.0f} s; give more time.")
            found |= {ticket: outcome for ticket, outcome in arrived if ticket in tickets}
        first = requests[0]
        chosen = configs or [{}] * len(requests)
        takes = tuple(
            Take(request.trace, _text(request), found[ticket], config)
            for (ticket, request), config in zip(tickets.items(), chosen, strict=True)
        )
        device = targets.get(first.target).device()
        return cls(first.target, device, first.workload, takes)

    @property
    def configs(self) -> list[dict[str, Any]]:
        """The choices of the template's that were measured, in order."""
        return [{n: _option(o) for n, o in t.config.items()} for t in self.takes if t.config]

    def runner(self) -> ReplayRunner:
        """A runner that answers as the device did; what was not recorded is a launch error."""
        return ReplayRunner(
            {
                Request(self.workload, take.trace, self.target).key: replace(
                    take.outcome, device=self.label
                )
                for take in self.takes
            }
        )

    # ---- files

    def write(self, path: str | Path) -> None:
        """Write the file that `read` reads."""
        head = {
            "cassette": VERSION,
            "target": self.target,
            "device": dict(self.device),
            "tvmlab": __version__,
            "workload": self.workload,
        }
        lines: list[dict[str, Any]] = [head]
        lines += [
            {
                "trace": take.trace,
                "config": dict(take.config),
                "text": take.text,
                "outcome": take.outcome.to_json(),
            }
            for take in self.takes
        ]
        said = "".join(f"{json.dumps(line)}\n" for line in lines)
        Path(path).write_text(said, encoding="utf-8")

    @classmethod
    def read(cls, path: str | Path) -> Cassette:
        """The cassette in a file.

        Raises:
            MeasureError: there is no such file, or it is no cassette of this version.
        """
        try:
            head, *rest = _lines(Path(path).read_text(encoding="utf-8"))
            if head.get("cassette") != VERSION:
                raise ValueError(f"its version is {head.get('cassette')!r}")
            takes = tuple(
                Take(
                    line["trace"],
                    line["text"],
                    Outcome.from_json(line["outcome"]),
                    line.get("config", {}),
                )
                for line in rest
            )
            return cls(head["target"], head["device"], head["workload"], takes)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, MeasureError) as error:
            raise MeasureError(
                f"{path} is no cassette of version {VERSION} ({error}); record it anew, or give "
                "another file."
            ) from error


def _lines(text: str) -> Iterable[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def _option(option: Any) -> Any:
    """An option of a knob, as JSON keeps it, in its own form."""
    return tuple(map(_option, option)) if isinstance(option, list) else option


def _text(request: Request) -> str:
    """What the target prints for a candidate; empty where a step or the target refuses it."""
    target = targets.get(request.target)
    try:
        state = State.start(from_json(request.workload))
        program = state.replay(step_from_json(step) for step in request.trace).program
        return target.emit(target.lower(program))
    except TvmlabError:
        return ""
