"""A workload: an operator at given sizes, with all that is needed to run, check and judge it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from tvmlab.errors import UsageError
from tvmlab.ops.gpu.template import GpuTemplate
from tvmlab.ops.gpu.unit import UNITS
from tvmlab.ops.schedule_template import ScheduleTemplate
from tvmlab.ops.vector_unit import AVX512, VectorUnit
from tvmlab.te import Tensor
from tvmlab.te.graph import inputs
from tvmlab.te.serial import to_json, workload_hash

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Workload:
    """One operator at given sizes.

    Attributes:
        name: the operator's name, as `tvmlab.ops.get` takes it.
        args: the operator's arguments, defaults filled in.
        tensors: the outputs.
        flops: floating-point operations of the plain algorithm; a multiply-add counts two, and
            exp, max and a comparison one each.
        compute: the operator in NumPy: from the inputs' arrays to the outputs'.
        templates: target -> the schedule template for given vector registers; processors with many
            threads have one for any expression.
    """

    name: str
    args: Mapping[str, Any]
    tensors: tuple[Tensor, ...]
    flops: int
    compute: Callable[..., tuple[Array, ...]]
    templates: Mapping[str, Callable[[VectorUnit], ScheduleTemplate]]

    @cached_property
    def inputs(self) -> tuple[Tensor, ...]:
        """The tensors a caller hands in, in the order in which kernels take them."""
        return tuple(inputs(self.tensors))

    @cached_property
    def bytes(self) -> int:
        """Bytes that must cross the memory bus: every input read once, every output written."""
        return sum(t.size_bytes for t in (*self.inputs, *self.tensors))

    @cached_property
    def key(self) -> str:
        """What identifies the expression in databases: the hash of its JSON."""
        return workload_hash(to_json(self.tensors))

    def reference(self, *arrays: Array) -> list[Array]:
        """The outputs for `arrays`, computed by NumPy in float64 and rounded once.

        Args:
            arrays: one for each of `inputs`, of its shape; any dtype that converts to its own.

        Raises:
            UsageError: the wrong number of arrays, or one of the wrong shape.
        """
        if len(arrays) != len(self.inputs):
            raise UsageError(
                f"{self} takes {len(self.inputs)} arrays "
                f"({', '.join(t.name for t in self.inputs)}), and was given {len(arrays)}."
            )
        for tensor, array in zip(self.inputs, arrays, strict=True):
            if np.shape(array) != tensor.extents:
                raise UsageError(
                    f"{self} takes {tensor.name} of shape {list(tensor.extents)}, and was given "
                    f"an array of shape {list(np.shape(array))}."
                )
        exact = self.compute(*(np.asarray(a).astype(np.float64) for a in arrays))
        return [
            np.ascontiguousarray(value, dtype=tensor.dtype)
            for value, tensor in zip(exact, self.tensors, strict=True)
        ]

    def template(self, target: str = "cpu", vectors: VectorUnit = AVX512) -> ScheduleTemplate:
        """The hand-made schedule template for `target`: `cpu`, planned for its vector registers,
        `opencl` or `cuda`.

        Raises:
            UsageError: there is none for that target.
        """
        make = self.templates.get(target)
        if make is not None:
            return make(vectors)
        if target in UNITS:
            return GpuTemplate(device=target)
        raise UsageError(
            f"{self.name} has no template for the target {target!r}; "
            f"there is one for {', '.join(dict.fromkeys([*self.templates, *UNITS]))}."
        )

    @property
    def intensity(self) -> float:
        """Operations for each byte that must be moved: where it stands on a roofline."""
        return self.flops / self.bytes

    def __str__(self) -> str:
        return f"{self.name}({', '.join(f'{k}={v!r}' for k, v in self.args.items())})"
