"""What is to be measured: a workload, the steps that schedule it, and how to go about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from tvmlab.errors import MeasureError
from tvmlab.measure.canonical import digest
from tvmlab.measure.timing import Protocol
from tvmlab.te.serial import workload_hash

Json = dict[str, Any]

CHECKS = 2
"""How often a result is compared before it is believed, each time on other inputs."""


@dataclass(frozen=True)
class Request:
    """One candidate to build, check and time; plain data, so that it crosses any border.

    Attributes:
        workload: the tensor expression, as `tvmlab.te.serial.to_json` writes it.
        trace: the steps that schedule it, as JSON, in order.
        target: the name of the target to build for.
        seed: seeds the inputs; equal seeds give equal inputs.
        protocol: how the kernel is timed.
        poison: whether outputs hold junk before the checked call, so that an element the kernel
            forgets to write is seen; only a trusted kernel is worth running without.
        threads: how many threads parallel loops run on; None for the measuring process's default.
        checks: how often the result is compared with the reference, each time on other inputs,
            those of the seeds `seed`, `seed + 1` and so on.
        is_watched: whether a sentinel is timed beside the kernel (see `tvmlab.measure.sentinel`).
        is_counted: whether the processor's counters are read too (see `tvmlab.measure.counters`).
    """

    workload: Json
    trace: list[Json]
    target: str = "cpu"
    seed: int = 0
    protocol: Protocol = field(default_factory=Protocol)
    poison: bool = True
    threads: int | None = None
    checks: int = 1
    is_watched: bool = False
    is_counted: bool = False

    @cached_property
    def workload_key(self) -> str:
        """Hash of the workload: what may share inputs and reference."""
        return workload_hash(self.workload)

    @cached_property
    def key(self) -> tuple[str, str]:
        """Hashes of the workload and of the trace: which candidate this is."""
        return self.workload_key, digest(self.trace)

    def to_json(self) -> Json:
        """This request as plain data; `from_json` gives it back."""
        return {
            "workload": self.workload,
            "trace": self.trace,
            "target": self.target,
            "seed": self.seed,
            "protocol": asdict(self.protocol),
            "poison": self.poison,
            "threads": self.threads,
            "checks": self.checks,
            "is_watched": self.is_watched,
            "is_counted": self.is_counted,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Request:
        """The request that `to_json` wrote; MeasureError where the data is of another form."""
        try:
            return cls(**(dict(data) | {"protocol": Protocol(**data["protocol"])}))
        except (KeyError, TypeError) as error:
            raise MeasureError(
                f"a request cannot be read ({error!r}); give one that `to_json` wrote."
            ) from error
