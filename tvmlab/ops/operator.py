"""An operator of the library: what makes its workloads, and how to know one when seen."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tvmlab.errors import UsageError
from tvmlab.ops.schedule_template import ScheduleTemplate
from tvmlab.ops.workload import Workload
from tvmlab.te import Tensor


@dataclass(frozen=True)
class Operator:
    """A family of workloads.

    Attributes:
        make: the public function that makes a workload; its docstring is the operator's.
        template: of its schedules for the CPU.
        shape: the arguments, in order, that a list of numbers stands for; the last one may have a
            star before its name: it is a shape, and takes all numbers that are left.
        guesses: for outputs of unknown origin, the arguments with which `make` might have made
            them, read off their shapes; cheap, and often wrong. None for an operator whose template
            is that of any expression.
    """

    make: Callable[..., Workload]
    template: type[ScheduleTemplate]
    shape: tuple[str, ...]
    guesses: Callable[[Sequence[Tensor]], Iterator[dict[str, Any]]] = lambda outputs: iter(())

    @property
    def name(self) -> str:
        """By which the operator is asked for."""
        return self.make.__name__

    @property
    def summary(self) -> str:
        """One line: what it computes."""
        return (inspect.getdoc(self.make) or "").partition("\n")[0]

    @cached_property
    def parameters(self) -> Mapping[str, Any]:
        """The arguments' names -> defaults, `inspect.Parameter.empty` where one must be given."""
        return {p.name: p.default for p in inspect.signature(self.make).parameters.values()}

    @property
    def usage(self) -> str:
        """The numbers of a shape in words, optional ones in brackets."""
        empty, named = inspect.Parameter.empty, [n for n in self.shape if n[0] != "*"]
        must = [n for n in named if self.parameters[n] is empty]
        may = [n for n in named if self.parameters[n] is not empty]
        rest = ["extent"] if self.is_open else []
        return ",".join(must + rest) + "".join(f"[,{n}]" for n in may) + "[,...]" * self.is_open

    @property
    def is_open(self) -> bool:
        """Whether its shape takes any number of numbers."""
        return self.shape[-1].startswith("*")

    def __call__(self, **args: Any) -> Workload:
        """The workload with these arguments.

        Raises:
            UsageError: an argument is missing, unknown or out of its range.
        """
        empty = inspect.Parameter.empty
        odd = [f"does not take {a!r}" for a in args if a not in self.parameters]
        odd += [f"lacks {p!r}" for p, d in self.parameters.items() if d is empty and p not in args]
        if odd:
            raise UsageError(f"{self.name} {odd[0]}; it takes {', '.join(self.parameters)}.")
        return self.make(**args)

    def from_shape(self, numbers: Sequence[int]) -> Workload:
        """The workload whose shape arguments are `numbers`, all others at their defaults.

        Raises:
            UsageError: too few or too many numbers, or one out of its range.
        """
        named = [n for n in self.shape if n[0] != "*"]
        least = sum(self.parameters[n] is inspect.Parameter.empty for n in named) + self.is_open
        if len(numbers) < least or (len(numbers) > len(named) and not self.is_open):
            given = ",".join(map(str, numbers)) or "nothing"
            raise UsageError(
                f"{self.name} takes the shape {self.usage}, and was given {given}; "
                f"give {least} numbers"
                + (" or more." if least < len(self.shape) or self.is_open else ".")
            )
        args: dict[str, Any] = dict(zip(named, numbers, strict=False))
        if self.is_open:
            args[self.shape[-1][1:]] = tuple(numbers[len(named) :])
        return self(**args)
