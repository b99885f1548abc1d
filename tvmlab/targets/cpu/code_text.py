"""The texts a reader may look at on the way from a program to machine code."""

from __future__ import annotations

from tvmlab.errors import TargetError
from tvmlab.targets.cpu.build import assembly, optimised_llvm

CODE_KINDS = ("llvm", "llvm-optimised", "asm", "asm-intel")
"""LLVM IR as emitted, as LLVM leaves it, assembly in AT&T syntax, in Intel's."""


def code_text(text: str, kind: str, preset: str) -> str:
    """What becomes of emitted LLVM IR `text`, as `kind`, one of `CODE_KINDS`.

    Raises:
        TargetError: the kind is not known, or LLVM refuses the text.
    """
    if kind == "llvm":
        return text
    if kind == "llvm-optimised":
        return optimised_llvm(text, preset)
    if kind in ("asm", "asm-intel"):
        return assembly(text, preset, "intel" if kind == "asm-intel" else "att")
    raise TargetError(
        f"Code of kind {kind!r} is not made by target cpu; use one of {', '.join(CODE_KINDS)}."
    )
