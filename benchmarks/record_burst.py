"""Times built candidates for some seconds: the part of a recording that wants the machine for
itself. `record_space.py` starts it, with one line of JSON on its standard input; it answers with
one line for each candidate, and says before which one it is at, should that be its last.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from recorded_spaces import SPACES

from tvmlab.lower.pipeline import lower
from tvmlab.measure.compare import Disagreement, compare
from tvmlab.measure.reference import Trial, Trials
from tvmlab.measure.request import Request
from tvmlab.measure.timing import Protocol, time_callable
from tvmlab.schedule import create_schedule
from tvmlab.targets.cpu.run import CpuKernel
from tvmlab.targets.cpu.threads import set_num_threads
from tvmlab.targets.target import Signature
from tvmlab.te.serial import to_json

PROTOCOL = Protocol(warmup_s=0.001, min_repeat_s=0.0005, limit_s=0.003, patience_s=0.008)
"""Three repeats or more, of half a millisecond or one call; a call of 8 ms is timed once."""

SENTINEL_EVERY = 60
"""Candidates between two times of the sentinel."""

PRESET = "explore"
"""The shortest build: thousands are made, and what the emitter prints is nearly final."""


class Stand:
    """The arrays of a workload, and kernels read from a folder to run on them."""

    def __init__(self, name: str, folder: Path) -> None:
        self._folder = folder
        workload = SPACES[name]().workload
        self.trial: Trial = Trials().of(Request(to_json(workload.tensors), []), folder)
        self._plain = Signature.of(lower(create_schedule(workload.tensors).mod))

    def kernel(self, index: int) -> CpuKernel:
        """The built candidate of that index."""
        built = json.loads((self._folder / "built" / f"{index}.json").read_text())
        plain = self._plain
        signature = Signature(plain.name, plain.params, tuple(built["workspaces"]))
        return CpuKernel(built["text"], signature, PRESET)

    def arrays(self, kernel: CpuKernel) -> list[Any]:
        """What the kernel takes."""
        given = [self.trial.inputs[p.name] for p in kernel.signature.params if not p.is_output]
        return [*given, *self.trial.outputs]

    def wrong(self, kernel: CpuKernel) -> str:
        """What is wrong with the kernel's results, in words; nothing where they are right."""
        for output in self.trial.outputs:
            output.view("uint8").fill(0x7F)
        kernel(*self.arrays(kernel))
        for output, expected in zip(self.trial.outputs, self.trial.expected, strict=True):
            found = compare(output, expected.value, expected.bound, expected.name)
            if isinstance(found, Disagreement):
                return str(found)
        return ""

    def time_s(self, kernel: CpuKernel) -> float:
        """The median time of a call."""
        return time_callable(kernel.prepare(*self.arrays(kernel)), PROTOCOL).median_s


def main() -> None:
    asked = json.loads(sys.stdin.readline())
    end = time.monotonic() + asked["seconds"]
    set_num_threads(1)
    stand = Stand(asked["name"], Path(asked["folder"]))
    sentinel = stand.kernel(asked["sentinel"])
    for count, index in enumerate(asked["indices"]):
        if time.monotonic() > end:
            return
        if count % SENTINEL_EVERY == 0:
            tell(sentinel_s=stand.time_s(sentinel))
        tell(begins=index)
        kernel = stand.kernel(index)
        wrong = stand.wrong(kernel) if asked["check"] else ""
        tell(index=index, wrong=wrong, time_s=None if wrong else stand.time_s(kernel))


def tell(**line: Any) -> None:
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
