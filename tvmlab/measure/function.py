"""A compiled schedule as its user holds it: called, prepared, timed, exported."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from tvmlab.measure.timing import QUICK, Protocol, Timing, time_callable
from tvmlab.targets.code_text import CodeText
from tvmlab.targets.halved_kernel import PreparedKernel, constants_of
from tvmlab.targets.target import Kernel, Signature


class Function:
    """A compiled schedule: `f(*inputs, *outputs)` writes its outputs in place.

    Arrays are NumPy arrays, or anything that shares CPU memory through DLPack, C-contiguous, of
    the shapes and dtypes of `f.signature`.
    """

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    @property
    def signature(self) -> Signature:
        """The function's name and the arrays it takes."""
        return self._kernel.signature

    def __call__(self, *arrays: Any) -> None:
        """Run once.

        Raises:
            TargetError: an array has the wrong shape, dtype or layout.
        """
        self._kernel(*arrays)

    def prepare(self, **constants: Any) -> Function:
        """The function of the other arrays, for given constants: `f.prepare(W=w)(x, out)`.

        What the schedule makes of constants alone, such as a copy in another layout, is made now
        and kept; a call runs the rest. Without it every call of `f` makes it anew.

        Args:
            constants: an array for each input declared with `constant=True`, by its name. They are
                not copied, and must not change as long as the function is used.

        Raises:
            UsageError: a constant is missing, unknown, or not declared to be one.
            TargetError: an array has the wrong shape, dtype or layout.
        """
        return Function(PreparedKernel(self._kernel, constants))

    def time(self, *arrays: Any, protocol: Protocol = QUICK) -> Timing:
        """Seconds a call takes on these arrays, with their spread.

        Where the schedule makes something of constants alone it is made before, and not counted;
        the timing says so.
        """
        timing = time_callable(self._kernel.prepare(*arrays), protocol)
        return replace(timing, prepared=constants_of(self._kernel))

    def code(self, kind: str) -> str:
        """The generated text, of one of the target's kinds; a notebook shows it in colours."""
        return CodeText(self._kernel.code(kind), kind)

    def export(self, path: str | Path) -> Path:
        """Write a shared library at `path` and a C header beside it; the header's path.

        The library has one function, which takes constants like other inputs and makes of them in
        every call what it needs; the header says so.

        Raises:
            TargetError: there is no C compiler, or the path cannot be written.
        """
        return self._kernel.export(Path(path))

    def __repr__(self) -> str:
        arguments = ", ".join(map(str, self.signature.params))
        return f"{self.signature.name}({arguments})"
