"""What a command line asks for: an operator, its sizes, and which of its inputs are constant."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from tvmlab import ops
from tvmlab.errors import UsageError
from tvmlab.te import Tensor
from tvmlab.te.promise import promise_constants
from tvmlab.tune.title import said_constant


@dataclass(frozen=True)
class Asked:
    """An operator of the library as `OP --shape ... --constant NAMES` names it.

    Attributes:
        workload: the operator at its sizes.
        constants: the names of its inputs that are the same at every call.
    """

    workload: ops.Workload
    constants: tuple[str, ...] = ()

    @cached_property
    def tensors(self) -> tuple[Tensor, ...]:
        """The outputs, of which the constants are promised.

        Raises:
            UsageError: no input has such a name.
        """
        plain = self.workload.tensors
        return promise_constants(plain, self.constants) if self.constants else plain

    def __str__(self) -> str:
        return said_constant(str(self.workload), self.constants)

    @property
    def python(self) -> str:
        """The same in Python, after `import tvmlab as t`."""
        names = "".join(f", {json.dumps(name)}" for name in self.constants)
        plain = f"t.ops.{self.workload}"
        return f"t.with_constants({plain}{names})" if names else plain


def asked_for(op: str, shape: Sequence[int] | None, constants: Sequence[str] = ()) -> Asked:
    """What OP, --shape and --constant name.

    Raises:
        UsageError: no such operator, workload or input, or numbers that do not fit.
    """
    found = Asked(_workload(op, shape), tuple(constants))
    _ = found.tensors  # complains now, before anything is measured
    return found


def _workload(op: str, shape: Sequence[int] | None) -> ops.Workload:
    if shape is not None:
        return ops.from_shape(op, tuple(shape))
    if op in ops.NAMED:
        return ops.named(op)
    operator = ops.get(op)
    raise UsageError(
        f"`tvmlab tune {op}` does not say how large; give --shape {operator.usage} as numbers."
    )
