"""What a machine must offer to be a target, and what a kernel built for one must offer.

A target prints text from a lowered program (a pure function), builds that text, and hands back a
kernel: a callable over arrays. Everything above this room knows only the protocols of this file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tvmlab.ir import Program, Var


@dataclass(frozen=True)
class Param:
    """One array that a kernel takes.

    Attributes:
        name: the buffer's name in the program.
        shape: extents, all known.
        dtype: NumPy's name of the element type; bool is stored as one byte, 0 or 1.
        is_output: whether the kernel writes the array.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    is_output: bool

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
    """

    name: str
    params: tuple[Param, ...]
    workspaces: tuple[int, ...] = ()

    @staticmethod
    def of(program: Program) -> Signature:
        """The signature of a program whose extents are all known."""
        first_output = len(program.params) - program.outputs
        params = tuple(
            Param(b.name, tuple(int(s) for s in b.shape), b.dtype, i >= first_output)  # type: ignore[arg-type]
            for i, b in enumerate(program.params)
        )
        return Signature(program.name, params, tuple(b.size_bytes for b in program.buffers))


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
        """Check the arrays now and bind them, for calls without any overhead."""

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

    def emit(self, program: Program, lines: Mapping[Var | str, int] | None = None) -> str:
        """Text for a lowered program, without touching any device.

        `lines` gives loops (by variable) and blocks (by name) their line in the printed scheduled
        program; where a target can, its machine code then tells which line it came from.
        """

    def code(self, text: str, kind: str) -> str:
        """What becomes of emitted `text` as `kind`, e.g. assembly."""

    def build(self, text: str, signature: Signature) -> Kernel:
        """Compile emitted `text`.

        Raises:
            TargetError: the compiler refused; the message carries its reason.
        """

    def details(self) -> Mapping[str, Any]:
        """The target as plain data: its name and every option, as `targets.get` takes it."""
