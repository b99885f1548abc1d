"""What the host does for a program: memory to provide, kernels to launch, parts to run itself.

A plan stands as comments at the head of the printed kernels, so that the text is all there is to a
program: whoever has it can build and run it.

    // tvmlab 1: what the host does, in order
    // {"params": ["A", "C"], "sizes": ["n"]}
    // {"workspace": "T", "dtype": "float32", "shape": [64, 64]}
    // {"launch": "C_kernel0", "grid": ["n // 16", 4, 1], "block": [16, 16, 1], "arguments": ["A"]}
    // {"host": "C_host0", "target": "cpu", "arguments": ["T", "C"], "outputs": 1}
    // {"repeat": "t", "count": 16}
    // {"launch": "C_kernel1", "grid": [4, 1, 1], ..., "arguments": ["T", "A"], "numbers": ["t"]}
    // {"end": "t"}

The text of a host part follows the kernels, in a comment that begins `/* host C_host0`.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from tvmlab.errors import TargetError
from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Extent
from tvmlab.ir.parse_expr import Scope, parse_expr
from tvmlab.ir.printer import expr_text
from tvmlab.ir.shapes import Values, value_of
from tvmlab.ir.size import Size

HEAD = "// tvmlab 1: what the host does, in order"
_HOST = re.compile(r"^/\* host (\S+)\n(.*?)\n\*/$", re.MULTILINE | re.DOTALL)

Three = tuple[int, int, int]


@dataclass(frozen=True)
class Workspace:
    """An intermediate in the device's memory."""

    name: str
    dtype: str
    shape: tuple[Extent, ...]

    @property
    def size_bytes(self) -> int:
        """Bytes that it takes, of a plan without sizes."""
        return prod(value_of(e, {}) for e in self.shape) * dtypes.size_bytes(self.dtype)


@dataclass(frozen=True)
class Launch:
    """One kernel: its function, geometry, arguments by name, bytes of shared memory, and the
    repetitions whose numbers it takes after its arguments, in 32 bits, and then sizes, in 64."""

    kernel: str
    grid: tuple[Extent, Extent, Extent]
    block: Three
    arguments: tuple[str, ...]
    written: tuple[str, ...]
    shared_bytes: int
    numbers: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()

    @property
    def blocks(self) -> Three:
        """The grid, of a plan without sizes."""
        x, y, z = (value_of(e, {}) for e in self.grid)
        return x, y, z


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
        sizes: what grids and workspaces may be over.
    """

    params: tuple[str, ...]
    workspaces: tuple[Workspace, ...]
    steps: tuple[Step, ...]
    sizes: tuple[Size, ...] = ()

    def at(self, values: Values) -> Plan:
        """The plan for known sizes."""

        def known(extents: Iterable[Extent]) -> tuple[Any, ...]:
            return tuple(value_of(e, values) for e in extents)

        def step(s: Step) -> Step:
            if isinstance(s, Launch):
                return replace(s, grid=known(s.grid))
            return replace(s, steps=tuple(map(step, s.steps))) if isinstance(s, Repeat) else s

        workspaces = tuple(replace(w, shape=known(w.shape)) for w in self.workspaces)
        return Plan(self.params, workspaces, tuple(map(step, self.steps)))

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
        sizes = {"sizes": [s.name for s in self.sizes]} if self.sizes else {}
        yield {"params": self.params, **sizes}
        for w in self.workspaces:
            yield {"workspace": w.name, "dtype": w.dtype, "shape": _said(w.shape)}
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
                "launch": s.kernel, "grid": _said(s.grid), "block": s.block,
                "arguments": s.arguments, "written": s.written, "shared_bytes": s.shared_bytes,
            }  # fmt: skip
            told = {"numbers": s.numbers, "sizes": s.sizes}
            yield {**row, **{name: names for name, names in told.items() if names}}
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
    first = next((r for r in rows if "params" in r), {"params": ()})
    sizes = {name: Size(name) for name in first.get("sizes", ())}
    workspaces = tuple(
        Workspace(r["workspace"], r["dtype"], _meant(r["shape"], sizes))
        for r in rows
        if "workspace" in r
    )
    steps = _read_steps(iter(rows), texts, sizes)
    return Plan(tuple(first["params"]), workspaces, steps, tuple(sizes.values()))


def _said(extents: Iterable[Extent]) -> list[int | str]:
    """Extents as JSON has them: numbers, or text over sizes."""
    return [e if isinstance(e, int) else expr_text(e) for e in extents]


def _meant(extents: Iterable[int | str], sizes: Mapping[str, Size]) -> tuple[Any, ...]:
    """Extents as JSON has them, over these sizes."""
    scope = Scope(variables=sizes)
    return tuple(
        e if isinstance(e, int) else parse_expr(ast.parse(e, mode="eval").body, scope)
        for e in extents
    )


def _read_steps(
    rows: Iterator[dict[str, Any]], texts: Mapping[str, str], sizes: Mapping[str, Size]
) -> tuple[Step, ...]:
    """The steps that rows state, up to the end of the repetition that they are in."""
    steps: list[Step] = []
    for r in rows:
        if "launch" in r:
            x, y, z = _meant(r["grid"], sizes)
            names = tuple(r["arguments"]), tuple(r["written"])
            told = tuple(r.get("numbers", ())), tuple(r.get("sizes", ()))
            shared_bytes, block = r["shared_bytes"], tuple(r["block"])
            steps.append(Launch(r["launch"], (x, y, z), block, *names, shared_bytes, *told))
        elif "host" in r:
            name = r["host"]
            given = tuple(r["arguments"])
            steps.append(HostCall(name, r["target"], given, r["outputs"], texts[name]))
        elif "repeat" in r:
            steps.append(Repeat(r["repeat"], r["count"], _read_steps(rows, texts, sizes)))
        elif "end" in r:
            break
    return tuple(steps)
