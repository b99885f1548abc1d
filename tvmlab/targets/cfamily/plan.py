"""What the host does for a program: memory to provide, kernels to launch, parts to run itself.

A plan stands as comments at the head of the printed kernels, so that the text is all there is to a
program: whoever has it can build and run it.

    // tvmlab 1: what the host does, in order
    // {"params": ["A", "C"]}
    // {"workspace": "T", "dtype": "float32", "shape": [64, 64]}
    // {"launch": "C_kernel0", "grid": [4, 4, 1], "block": [16, 16, 1], "arguments": ["A", "T"]}
    // {"host": "C_host0", "target": "cpu", "arguments": ["T", "C"], "outputs": 1}
    // {"repeat": "t", "count": 16}
    // {"launch": "C_kernel1", "grid": [4, 1, 1], ..., "arguments": ["T", "A"], "numbers": ["t"]}
    // {"end": "t"}

The text of a host part follows the kernels, in a comment that begins `/* host C_host0`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from tvmlab.errors import TargetError
from tvmlab.ir import dtypes

HEAD = "// tvmlab 1: what the host does, in order"
_HOST = re.compile(r"^/\* host (\S+)\n(.*?)\n\*/$", re.MULTILINE | re.DOTALL)

Three = tuple[int, int, int]


@dataclass(frozen=True)
class Workspace:
    """An intermediate in the device's memory."""

    name: str
    dtype: str
    shape: tuple[int, ...]

    @property
    def size_bytes(self) -> int:
        """Bytes that it takes."""
        return prod(self.shape) * dtypes.size_bytes(self.dtype)


@dataclass(frozen=True)
class Launch:
    """One kernel: its function, geometry, arguments by name, bytes of shared memory, and the
    repetitions whose numbers it takes after its arguments."""

    kernel: str
    grid: Three
    block: Three
    arguments: tuple[str, ...]
    written: tuple[str, ...]
    shared_bytes: int
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True)
class HostCall:
    """A part that runs on the host; the last `outputs` arguments are written.

    Attributes:
        function: its name.
        target: the target that it was printed for.
        arguments: the buffers it takes, by name.
        outputs: how many of the last it writes.
        text: what its target builds.
    """

    function: str
    target: str
    arguments: tuple[str, ...]
    outputs: int
    text: str


@dataclass(frozen=True)
class Repeat:
    """Steps that are done `count` times; `name` stands for the number of the time, from 0 on."""

    name: str
    count: int
    steps: tuple[Step, ...]


Step = Launch | HostCall | Repeat


@dataclass(frozen=True)
class Plan:
    """What the host does for a program, in order.

    Attributes:
        params: the names of what the caller hands in, in order.
        workspaces: the intermediates in the device's memory.
        steps: what is done, one after the other.
    """

    params: tuple[str, ...]
    workspaces: tuple[Workspace, ...]
    steps: tuple[Step, ...]

    @property
    def launches(self) -> tuple[Launch, ...]:
        """The kernels, in order."""
        return tuple(s for s in _single(self.steps) if isinstance(s, Launch))

    @property
    def host_calls(self) -> tuple[HostCall, ...]:
        """The parts that run on the host, in order."""
        return tuple(s for s in _single(self.steps) if isinstance(s, HostCall))

    def head(self) -> list[str]:
        """The comments that state this plan."""
        return [HEAD, *(f"// {json.dumps(row)}" for row in self._rows())]

    def tail(self) -> list[str]:
        """The comments that hold the texts of the host's parts."""
        return [
            line
            for p in self.host_calls
            for line in (f"/* host {p.function}", p.text.rstrip(), "*/")
        ]

    def _rows(self) -> Iterable[dict[str, object]]:
        yield {"params": self.params}
        for w in self.workspaces:
            yield {"workspace": w.name, "dtype": w.dtype, "shape": w.shape}
        yield from _rows_of(self.steps)


def _single(steps: Iterable[Step]) -> Iterator[Launch | HostCall]:
    """Each step once, in order, however often it is repeated."""
    for s in steps:
        if isinstance(s, Repeat):
            yield from _single(s.steps)
        else:
            yield s


def _rows_of(steps: Iterable[Step]) -> Iterator[dict[str, object]]:
    for s in steps:
        if isinstance(s, Launch):
            row: dict[str, object] = {
                "launch": s.kernel, "grid": s.grid, "block": s.block, "arguments": s.arguments,
                "written": s.written, "shared_bytes": s.shared_bytes,
            }  # fmt: skip
            yield {**row, "numbers": s.numbers} if s.numbers else row
        elif isinstance(s, HostCall):
            yield {
                "host": s.function, "target": s.target, "arguments": s.arguments,
                "outputs": s.outputs,
            }  # fmt: skip
        else:
            yield {"repeat": s.name, "count": s.count}
            yield from _rows_of(s.steps)
            yield {"end": s.name}


def read_plan(text: str) -> Plan:
    """The plan at the head of printed kernels.

    Raises:
        TargetError: there is none, or none of this version.
    """
    lines = text.splitlines()
    if HEAD not in lines:
        raise TargetError(
            "This text says nothing of launching its kernels; print it anew with "
            "schedule.code(...), which puts that at its head."
        )
    begin = lines.index(HEAD) + 1
    rows = []
    for line in lines[begin:]:
        if not line.startswith("// {"):
            break
        rows.append(json.loads(line[3:]))
    texts = dict(_HOST.findall(text))
    workspaces = tuple(
        Workspace(r["workspace"], r["dtype"], tuple(r["shape"])) for r in rows if "workspace" in r
    )
    params = next((tuple(r["params"]) for r in rows if "params" in r), ())
    return Plan(params, workspaces, _read_steps(iter(rows), texts))


def _read_steps(rows: Iterator[dict[str, Any]], texts: Mapping[str, str]) -> tuple[Step, ...]:
    """The steps that rows state, up to the end of the repetition that they are in."""
    steps: list[Step] = []
    for r in rows:
        if "launch" in r:
            grid, block = tuple(r["grid"]), tuple(r["block"])
            names = tuple(r["arguments"]), tuple(r["written"])
            numbers = tuple(r.get("numbers", ()))
            steps.append(Launch(r["launch"], grid, block, *names, r["shared_bytes"], numbers))
        elif "host" in r:
            name = r["host"]
            given = tuple(r["arguments"])
            steps.append(HostCall(name, r["target"], given, r["outputs"], texts[name]))
        elif "repeat" in r:
            steps.append(Repeat(r["repeat"], r["count"], _read_steps(rows, texts)))
        elif "end" in r:
            break
    return tuple(steps)
