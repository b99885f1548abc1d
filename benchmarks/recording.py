"""Points of a space that were measured: what a search of them would have seen, without the machine.

A recording is one Parquet file. A row is a configuration: which option of each knob, how it ended,
the median time of a call in each round of the recording, and its schedule steps. What they belong
to is JSON in the file's metadata: the workload, the knobs with all their options, the machine, and
the times of one configuration that was measured again and again, which tell the machine's drift. So
a recording outlives the template that it was made with.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sampled_space import SampledSpace

from tvmlab.errors import Refusal, ScheduleError
from tvmlab.ir.program import Program
from tvmlab.measure.outcome import Outcome, failure
from tvmlab.ops.knobs import ChoiceKnob, Knob, OrderKnob, SplitKnob
from tvmlab.schedule.registry import step_from_json
from tvmlab.schedule.state import State
from tvmlab.te.serial import from_json

FORMAT = "tvmlab_recording"
VERSION = 2

SCHEMA = pa.schema(
    [
        ("digits", pa.list_(pa.int16())),
        ("status", pa.dictionary(pa.int8(), pa.string())),
        ("stage", pa.dictionary(pa.int8(), pa.string())),
        ("reason", pa.string()),
        ("times_ns", pa.list_(pa.float32())),
        ("trace", pa.string()),
    ]
)

Row = Mapping[str, Any]
"""A configuration: the fields of `SCHEMA`, the trace as a list of steps."""


@dataclass(frozen=True)
class Recording:
    """Configurations of a space, measured.

    Attributes:
        about: `name`, `workload`, `drawn_from` (how many configurations), `knobs`, `environment`,
            and `sentinel`: its `times_s` in the order of being taken.
        rows: one for each configuration.
    """

    about: Mapping[str, Any]
    rows: Sequence[Row]

    @classmethod
    def read(cls, path: Path) -> Recording:
        """The recording in a file; ValueError where it is of another form."""
        table = pq.read_table(path)
        about = json.loads((table.schema.metadata or {}).get(FORMAT.encode(), b"{}"))
        if about.get(FORMAT) != VERSION:
            raise ValueError(f"{path} is no recording of version {VERSION}")
        return cls(about, table.to_pylist())

    def write(self, path: Path) -> None:
        """Write the file that `read` reads."""
        about = json.dumps({FORMAT: VERSION, **self.about})
        schema = SCHEMA.with_metadata({FORMAT: about})
        pq.write_table(
            pa.Table.from_pylist(list(self.rows), schema),
            path, compression="zstd", compression_level=15,
        )  # fmt: skip

    @cached_property
    def knobs(self) -> tuple[Knob, ...]:
        """The knobs, with the options they had."""
        return tuple(map(_knob, self.about["knobs"]))

    @cached_property
    def space(self) -> SampledSpace:
        """The space of what was measured; it realises a configuration as the steps recorded."""

        def realise(config: Mapping[str, Any]) -> list[dict[str, Any]]:
            (index,) = space.indices(space.digits(config)[None, :])
            row = self.rows[index]
            if row["status"] == "illegal":
                asked = Refusal("the configuration", "the recording", row["reason"], "try another")
                raise ScheduleError(asked)
            steps: list[dict[str, Any]] = json.loads(row["trace"])
            return steps

        def schedule(config: Mapping[str, Any]) -> Program:
            steps = [step_from_json(step) for step in realise(config)]
            return State.start(outputs).replay(steps).program

        outputs = from_json(self.about["workload"])
        points = np.array([row["digits"] for row in self.rows], dtype=np.int64)
        space = SampledSpace(self.knobs, points, realise, schedule)
        return space

    @cached_property
    def shares(self) -> np.ndarray:
        """(size,) the speed of each configuration relative to the fastest; 0 for a failure.

        The least of its times counts: what else a machine does only ever makes them longer.
        """
        speeds = np.array([1 / min(row["times_ns"]) if row["times_ns"] else 0 for row in self.rows])
        return speeds / speeds.max()

    def outcome(self, index: int, seed: int | None = None) -> Outcome:
        """What measuring configuration `index` gave: all rounds; with a seed, one of them drawn."""
        row = self.rows[index]
        if row["status"] != "ok":
            return failure(row["status"], row["stage"], row["reason"])
        times_s = tuple(time_ns * 1e-9 for time_ns in row["times_ns"])
        if seed is not None:
            times_s = (random.Random(f"{seed} {index}").choice(times_s),)
        return Outcome("ok", "time", times_s=times_s, total_s=sum(times_s), verified=True)


def knob_to_json(knob: Knob) -> dict[str, Any]:
    """A knob with all its options as plain data."""
    data: dict[str, Any] = {"name": knob.name, "options": knob.options}
    if isinstance(knob, SplitKnob):
        data |= {"kind": "split", "extent": knob.extent, "parts": knob.parts, "policy": knob.policy}
    elif isinstance(knob, OrderKnob):
        data |= {"kind": "order", "axes": knob.axes}
    else:
        data |= {"kind": "choice"}
    return data


def _knob(data: Mapping[str, Any]) -> Knob:
    """The knob that `knob_to_json` wrote."""
    name, options = data["name"], tuple(map(_option, data["options"]))
    kept = frozenset(options)
    if data["kind"] == "split":
        found: Knob = SplitKnob(
            name, data["extent"], data["parts"], data["policy"], lambda t: t in kept
        )
    elif data["kind"] == "order":
        found = OrderKnob(name, tuple(data["axes"]), lambda order: order in kept)
    else:
        found = ChoiceKnob(name, options)
    assert found.options == options, f"the options of {name} come out as they were"
    return found


def _option(value: Any) -> Any:
    """JSON has no tuples, options no lists."""
    return tuple(map(_option, value)) if isinstance(value, list) else value
