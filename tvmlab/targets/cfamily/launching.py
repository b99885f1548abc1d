"""The host's side of a program on a device: memory, copies, launches in order, and host parts.

What a vendor's library does stands behind the protocol `Machine`, which each target implements.
Between kernels data stays in the device's memory; a host part has what it reads copied to the
processor before, and what it writes copied back after it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from tvmlab.ir.arrays import empty
from tvmlab.targets.cfamily.arguments import host_array
from tvmlab.targets.cfamily.plan import HostCall, Launch, Plan, Repeat, Step, Workspace, read_plan
from tvmlab.targets.cfamily.printed_kernel import PrintedKernel, Reader
from tvmlab.targets.registry import get
from tvmlab.targets.target import Param, Signature

Number = np.int32 | np.int64
"""A number that a kernel takes, in the bits that it takes it in."""

Memory = Any
"""Memory of a device, as its library hands it out."""


class Machine(Protocol):
    """A device and its queue, whose work is done in order. Errors are TargetErrors in words."""

    def load(self, text: str, plan: Plan) -> Mapping[str, Any]:
        """The kernels of printed `text` by name, compiled, and within the device's limits."""

    def allocate(self, size_bytes: int) -> Memory:
        """Memory of the device, full of anything."""

    def adopt(self, given: Any, param: Param, signature: Signature) -> Memory | None:
        """The memory of an array that is on this device already; None for another array."""

    def upload(self, memory: Memory, array: np.ndarray) -> None:
        """Copy an array to the device."""

    def download(self, memory: Memory, array: np.ndarray) -> None:
        """Copy from the device to an array, once all work before it is done."""

    def launch(
        self, function: Any, launch: Launch, memories: Sequence[Memory], numbers: Sequence[Number]
    ) -> None:
        """Put a kernel into the queue, which takes memories and then numbers."""

    def finish(self) -> None:
        """Wait until all work is done."""

    def seconds_of(self, run: Callable[[], None]) -> float | None:
        """Seconds that the device was at work on what `run` put into the queue, by its own clock;
        None where it has none."""


class DeviceKernel(PrintedKernel):
    """A program built for a device, callable on arrays in the order of `signature.params`.

    Arrays of the processor are copied to the device and back; arrays that are there are used as
    they are.

    Attributes:
        plan: what the host does.
    """

    def __init__(self, text: str, signature: Signature, target: Reader, machine: Machine) -> None:
        super().__init__(text, signature, target)
        self.plan = read_plan(text)
        self._machine = machine
        self._functions = machine.load(text, self.plan)
        arrays = _known_arrays(self.plan, signature)
        self._hosts = {
            step.function: get(step.target).build(step.text, _host_signature(step, arrays))
            for step in self.plan.host_calls
        }

    def __call__(self, *arrays: Any) -> None:
        """Run once; outputs are written in place, and are there when this returns.

        Raises:
            TargetError: an array has the wrong shape, dtype, layout or device, is read-only, or
                the device has no memory left.
        """
        call = self.prepare(*arrays)
        call()
        call.download()

    def prepare(self, *arrays: Any) -> DeviceBoundCall:
        """The kernel bound to arrays, which are checked and copied to the device now."""
        self.signature.check_count(arrays)
        machine, signature, plan, sizes = self._machine, *self._at_sizes(arrays)
        memories: dict[str, Memory] = {}
        kept: list[tuple[Memory, np.ndarray]] = []
        for name, param, given in zip(plan.params, signature.params, arrays, strict=True):
            memory = machine.adopt(given, param, signature)
            if memory is None:
                array = host_array(signature, param, given)
                memory = machine.allocate(array.nbytes)
                machine.upload(memory, array)
                if param.is_output:
                    kept.append((memory, array))
            memories[name] = memory
        for w in plan.workspaces:
            memories[w.name] = machine.allocate(w.size_bytes)
        steps = [self._step(step, memories, dict(sizes)) for step in plan.steps]
        is_of_device = not self.plan.host_calls
        return DeviceBoundCall(machine, steps, kept, is_of_device, (memories, arrays))

    def _at_sizes(self, arrays: Sequence[Any]) -> tuple[Signature, Plan, Mapping[str, Number]]:
        """The signature, the plan and the sizes by name, for these arrays."""
        if not self.signature.sizes:
            return self.signature, self.plan, {}
        values = self.signature.sizes_from([getattr(a, "shape", ()) for a in arrays])
        named = {size.name: np.int64(value) for size, value in values.items()}
        plan = self.plan.at({size: int(named[size.name]) for size in self.plan.sizes})
        return self.signature.at(values), plan, named

    def _step(
        self, step: Step, memories: dict[str, Memory], numbers: dict[str, Number]
    ) -> Callable[[], None]:
        """One step of the plan, on these memories, in repetitions of these numbers."""
        machine = self._machine
        if isinstance(step, Repeat):
            repeat, inside = step, [self._step(s, memories, numbers) for s in step.steps]

            def again() -> None:
                for number in range(repeat.count):
                    numbers[repeat.name] = np.int32(number)
                    for act in inside:
                        act()

            return again
        given = [memories[name] for name in step.arguments]
        if isinstance(step, Launch):
            function, launch = self._functions[step.kernel], step
            return lambda: machine.launch(
                function,
                launch,
                given,
                [numbers[name] for name in (*launch.numbers, *launch.sizes)],
            )
        kernel = self._hosts[step.function]
        arrays = [empty(p.extents, p.dtype) for p in kernel.signature.params]
        call = kernel.prepare(*arrays)
        first = len(arrays) - step.outputs

        def run() -> None:
            for memory, array in zip(given, arrays, strict=True):
                machine.download(memory, array)
            call()
            for memory, array in zip(given[first:], arrays[first:], strict=True):
                machine.upload(memory, array)

        return run


class DeviceBoundCall:
    """A program with its arrays in the device's memory; for one thread at a time."""

    def __init__(
        self,
        machine: Machine,
        steps: Sequence[Callable[[], None]],
        outputs: Sequence[tuple[Memory, np.ndarray]],
        is_of_device: bool,
        kept: object,
    ) -> None:
        self._machine = machine
        self._is_of_device = is_of_device
        self._steps = tuple(steps)
        self._outputs = tuple(outputs)
        self._kept = kept

    def __call__(self) -> None:
        """Run once, and wait for the end."""
        self._enqueue()
        self._machine.finish()

    def repeat(self, count: int) -> None:
        """Run `count` times one after the other, and wait for the end."""
        for _ in range(count):
            self._enqueue()
        self._machine.finish()

    def device_seconds(self, count: int = 1) -> float | None:
        """Seconds that the device works on `count` runs, by its own clock, without what the host
        adds; None where it has no clock, or a part of the program runs on the host."""
        if not self._is_of_device:
            return None

        def run() -> None:
            for _ in range(count):
                self._enqueue()

        return self._machine.seconds_of(run)

    def download(self) -> None:
        """Copy the outputs into the arrays of the processor that were given for them."""
        for memory, array in self._outputs:
            self._machine.download(memory, array)

    def _enqueue(self) -> None:
        for step in self._steps:
            step()


def _known_arrays(plan: Plan, signature: Signature) -> dict[str, Param | Workspace]:
    """What each name of a plan is."""
    arrays: dict[str, Param | Workspace] = dict(zip(plan.params, signature.params, strict=True))
    arrays.update({w.name: w for w in plan.workspaces})
    return arrays


def _host_signature(step: HostCall, arrays: Mapping[str, Param | Workspace]) -> Signature:
    """How a host part is called."""
    first = len(step.arguments) - step.outputs
    params = tuple(
        Param(name, arrays[name].shape, arrays[name].dtype, n >= first)
        for n, name in enumerate(step.arguments)
    )
    return Signature(step.function, params)
