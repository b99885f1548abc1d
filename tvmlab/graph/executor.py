"""Running a graph: one kernel after the other, on memory that was planned before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tvmlab import targets
from tvmlab.errors import UsageError
from tvmlab.graph.fusion import Group, fuse, unfused
from tvmlab.graph.kernel import Choose, default_steps, scheduled
from tvmlab.graph.memory import Lifetime, MemoryPlan, plan
from tvmlab.graph.node import Graph, Node
from tvmlab.ir.arrays import empty
from tvmlab.measure.timing import QUICK, Protocol, Timing, time_callable
from tvmlab.schedule import Schedule
from tvmlab.targets import Kernel, Target
from tvmlab.targets.halved_kernel import PreparedKernel, build_kernel, constants_of
from tvmlab.te.serial import to_json, workload_hash

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Call:
    """One kernel of a compiled graph.

    Attributes:
        group: the nodes it computes.
        schedule: its schedule; `str()` shows the program, `.trace` the steps.
        kernel: the compiled code, which equal groups share, with the group's constants: what its
            schedule makes of weights alone was made when the graph was compiled.
        inputs: the nodes whose arrays it takes, before the array of `group.result`.
    """

    group: Group
    schedule: Schedule
    kernel: Kernel
    inputs: tuple[Node, ...]


class Executable:
    """A compiled graph: `executable(*inputs)` returns the output, or a tuple of several.

    Safe to call from several threads at once: each call has its memory to itself.

    Attributes:
        graph: what it computes.
        calls: its kernels in the order they run.
        memory: where the intermediate arrays lie. What a kernel needs for itself (the zeros around
            an image, say) is the kernel's own and not in it, and neither are weights.
    """

    def __init__(self, graph: Graph, calls: Sequence[Call]) -> None:
        self.graph = graph
        self.calls = tuple(calls)
        self._kept = [c.group.result for c in calls if c.group.result not in graph.outputs]
        self.memory: MemoryPlan = plan(_lifetimes(self._kept, self.calls))
        self._idle: list[dict[Node, Array]] = []

    def __call__(self, *arrays: Array) -> Array | tuple[Array, ...]:
        """Run once.

        Args:
            arrays: one for each of `graph.inputs`, of its shape and dtype, stored by rows.

        Raises:
            UsageError: the wrong number of arrays.
            TargetError: an array has the wrong shape, dtype or layout.
        """
        given = self._given(arrays)
        try:
            kept = self._idle.pop()
        except IndexError:
            kept = self._new_memory()
        outputs = {n: empty(n.shape, n.dtype) for n in self.graph.outputs}
        values = {**given, **kept, **outputs}
        for call in self.calls:
            call.kernel(*_arguments(call, values))
        self._idle.append(kept)
        results = tuple(outputs.values())
        return results[0] if len(results) == 1 else results

    def time(self, *arrays: Array, protocol: Protocol = QUICK) -> list[tuple[Group, Timing]]:
        """What each kernel takes on these inputs, in the order they run.

        Each is timed by itself, its arrays in the caches as repeated calls leave them; weights were
        laid out as the graph was compiled, and a timing says where they were. A whole run
        adds Python's share, some microseconds for each kernel. Errors as in a call.
        """
        outputs = {n: empty(n.shape, n.dtype) for n in self.graph.outputs}
        values = {**self._given(arrays), **self._new_memory(), **outputs}
        times = []
        for call in self.calls:
            bound = call.kernel.prepare(*_arguments(call, values))
            bound()  # writes what later kernels read
            timing = time_callable(bound, protocol)
            times.append((call.group, replace(timing, prepared=constants_of(call.kernel))))
        return times

    def _given(self, arrays: Sequence[Array]) -> dict[Node, Array]:
        """The arrays of inputs."""
        inputs = self.graph.inputs
        if len(arrays) != len(inputs):
            raise UsageError(
                f"the graph takes {len(inputs)} arrays ({', '.join(map(str, inputs))}), and was "
                f"given {len(arrays)}."
            )
        for node, array in zip(inputs, arrays, strict=True):
            shape, dtype = list(np.shape(array)), getattr(array, "dtype", type(array).__name__)
            if tuple(shape) != node.shape or str(dtype) != node.dtype:
                raise UsageError(f"the input {node} was given as {dtype}{shape}; pass its own.")
        by_rows = [np.asarray(array, order="C") for array in arrays]
        return dict(zip(inputs, by_rows, strict=True))

    def _new_memory(self) -> dict[Node, Array]:
        """The intermediate arrays, in one new block laid out as planned."""
        block = empty(self.memory.size_bytes, "uint8")
        return {
            node: block[offset:][: node.size_bytes].view(node.dtype).reshape(node.shape)
            for node, offset in zip(self._kept, self.memory.offsets, strict=True)
        }

    def __str__(self) -> str:
        """A line for each kernel, and one for the memory."""
        lines = [f"{call.group} -> {call.group.result}" for call in self.calls]
        return "\n".join([*lines, str(self.memory)])


def _arguments(call: Call, values: Mapping[Node, Array]) -> list[Array]:
    return [values[node] for node in (*call.inputs, call.group.result)]


def _lifetimes(kept: Sequence[Node], calls: Sequence[Call]) -> list[Lifetime]:
    """From the kernel that writes an array to the last one that reads it."""
    written = {call.group.result: step for step, call in enumerate(calls)}
    read = {node: step for step, call in enumerate(calls) for node in call.inputs}
    return [Lifetime(node.size_bytes, written[node], read[node]) for node in kept]


def compile_graph(
    graph: Graph | Node,
    target: str | Mapping[str, Any] = "cpu",
    fused: bool = True,
    choose: Choose = default_steps,
) -> Executable:
    """Compile every group of nodes as one kernel.

    Args:
        graph: the graph, or the only output of one.
        target: as `tvmlab.targets.get` takes it.
        fused: whether nodes share kernels (see `tvmlab.graph.fusion`); else each has its own.
        choose: the steps for a group's anchor by itself; the library's templates if left out, see
            `tvmlab.graph.tuned.best_steps` for those of a tuning database.

    Raises:
        UsageError: an output that nothing computes.
        TargetError: no such target, or a kernel that it cannot build.
    """
    whole = Graph(graph) if isinstance(graph, Node) else graph
    machine = targets.get(target)
    kernels: dict[str, tuple[Schedule, Kernel]] = {}
    calls = []
    for group in fuse(whole) if fused else unfused(whole):
        calls.append(_call(group, machine, choose, kernels))
    return Executable(whole, calls)


def _call(
    group: Group, machine: Target, choose: Choose, kernels: dict[str, tuple[Schedule, Kernel]]
) -> Call:
    """The group's kernel; `kernels` holds those of expressions that were met before."""
    expression, schedule = scheduled(group, choose)
    key = workload_hash(to_json(expression.outputs))
    if key not in kernels:
        kernels[key] = schedule, build_kernel(machine, schedule.mod)
    schedule, kernel = kernels[key]
    named = zip(kernel.signature.params, expression.inputs, strict=False)
    constants = {p.name: node.value for p, node in named if p.is_constant}
    if constants:
        kernel = PreparedKernel(kernel, constants)
    return Call(group, schedule, kernel, tuple(n for n in expression.inputs if n.value is None))
