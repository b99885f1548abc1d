"""What a machine must offer to be a target, and what a kernel built for one must offer.

A target prints text from a lowered program (a pure function), builds that text, and hands back a
kernel: a callable over arrays. Everything above this room knows only the protocols of this file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import mul
from pathlib import Path
from typing import Any, Protocol

from tvmlab.errors import TargetError
from tvmlab.ir import Program, Var, dtypes
from tvmlab.ir.buffer import Buffer, Extent
from tvmlab.ir.shapes import Values, sizes_from_shapes, sizes_of, value_of
from tvmlab.ir.size import Size


@dataclass(frozen=True)
class Param:
    """One array that a kernel takes.

    Attributes:
        name: the buffer's name in the program.
        shape: extents, numbers or over sizes.
        dtype: NumPy's name of the element type; bool is stored as one byte, 0 or 1.
        is_output: whether the kernel writes the array.
        is_constant: whether the caller promises that it is the same at every call.
    """

    name: str
    shape: tuple[Extent, ...]
    dtype: str
    is_output: bool
    is_constant: bool = False

    @property
    def extents(self) -> tuple[int, ...]:
        """The shape as integers; all extents must be known."""
        return tuple(value_of(e, {}) for e in self.shape)

    def __str__(self) -> str:
        return f"{self.name}: {self.dtype}{list(self.shape)}"


@dataclass(frozen=True)
class Signature:
    """How a kernel is called: its name, the arrays in order, and the scratch memory it needs.

    Attributes:
        name: the function's symbol.
        params: the arrays, inputs first.
        workspaces: size in bytes of each intermediate buffer, in the program's order; the caller
            allocates them, aligned to 64 bytes.
        sizes: what the shapes are over; the function takes their values, as int64, after all
            arrays and workspaces.
    """

    name: str
    params: tuple[Param, ...]
    workspaces: tuple[Extent, ...] = ()
    sizes: tuple[Size, ...] = ()

    @staticmethod
    def of(program: Program) -> Signature:
        """The signature of a program."""
        first_output = len(program.params) - program.outputs
        params = tuple(
            Param(b.name, b.shape, b.dtype, i >= first_output, b.constant)
            for i, b in enumerate(program.params)
        )
        workspaces = tuple(_size_bytes(b) for b in program.buffers)
        return Signature(program.name, params, workspaces, sizes_of(program))

    def at(self, values: Values) -> Signature:
        """The signature for known sizes: all extents are numbers."""
        params = tuple(
            replace(p, shape=tuple(value_of(e, values) for e in p.shape)) for p in self.params
        )
        return Signature(self.name, params, tuple(value_of(w, values) for w in self.workspaces))

    def check_count(self, arrays: Sequence[Any]) -> None:
        """Raise TargetError unless there is an array for each parameter."""
        if len(arrays) != len(self.params):
            raise TargetError(
                f"Kernel {self.name} takes {len(self.params)} arrays "
                f"({', '.join(map(str, self.params))}), but got {len(arrays)}."
            )

    def sizes_from(self, shapes: Sequence[Sequence[int]]) -> dict[Size, int]:
        """The sizes that arrays of `shapes` tell.

        Raises:
            UsageError: a shape does not fit, two disagree, or a size is outside its bounds.
        """
        return sizes_from_shapes([(p.name, p.shape) for p in self.params], shapes)


def _size_bytes(buffer: Buffer) -> Extent:
    element: Extent = dtypes.size_bytes(buffer.dtype)
    return reduce(mul, buffer.shape, element)


class BoundCall(Protocol):
    """A kernel bound to arrays that were checked once: nothing is checked when it runs."""

    def __call__(self) -> None:
        """Run the kernel once."""

    def repeat(self, count: int) -> None:
        """Run the kernel `count` times in machine code, without returning to Python between."""


class Kernel(Protocol):
    """Compiled code, callable on arrays in the order of `signature.params`."""

    signature: Signature

    def __call__(self, *arrays: Any) -> None:
        """Run once; outputs are written in place.

        Raises:
            TargetError: an array has the wrong shape, dtype, layout or is read-only.
        """

    def prepare(self, *arrays: Any) -> BoundCall:
        """Check the arrays now and bind them, for calls without any overhead.

        What is made of constants alone is made now too, and once.
        """

    def code(self, kind: str) -> str:
        """The generated text of `kind`, one of the target's `code_kinds`."""

    def export(self, path: Path) -> Path:
        """Write the kernel for use without Python; the path of what describes it.

        Raises:
            TargetError: a tool is missing, or the path cannot be written.
        """


class Target(Protocol):
    """A machine that programs can be built for.

    Attributes:
        name: as the user says it, e.g. `cpu`.
        code_kinds: the kinds of text that `code` can show, the emitted text first.
    """

    name: str
    code_kinds: tuple[str, ...]

    def lower(self, program: Program) -> Program:
        """A scheduled program as `emit` takes it.

        Raises:
            TargetError: this machine cannot run a program of that form.
        """

    def emit(self, program: Program, lines: Mapping[Var | str, int] | None = None) -> str:
        """Text for a lowered program, without touching any device.

        `lines` gives loops (by variable) and blocks (by name) their line in the printed scheduled
        program; where a target can, its machine code then tells which line it came from.
        """

    def code(self, text: str, kind: str) -> str:
        """What becomes of emitted `text` as `kind`, e.g. assembly."""

    def code_lines(self, text: str, kind: str) -> Sequence[tuple[str, int]]:
        """`code(text, kind)` in lines, each with the line of the program it comes from (0: none).

        `text` was emitted with `lines`.
        """

    def build(self, text: str, signature: Signature) -> Kernel:
        """Compile emitted `text`.

        Raises:
            TargetError: the compiler refused; the message carries its reason.
        """

    def details(self) -> Mapping[str, Any]:
        """The target as plain data: its name and every option, as `targets.get` takes it."""

    def device(self) -> Mapping[str, Any]:
        """What kernels run on, as plain data: times compare where it is equal, and only there."""
