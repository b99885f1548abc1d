"""The host's processor as a target."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from tvmlab.ir import Program, Var
from tvmlab.ir.printed import Printed
from tvmlab.lower.pipeline import lower
from tvmlab.targets.cpu.assembly import LinkedLine
from tvmlab.targets.cpu.build import DEFAULT_PRESET, host, preset_named
from tvmlab.targets.cpu.code_report import CodeReport, code_report
from tvmlab.targets.cpu.code_text import CODE_KINDS, code_text
from tvmlab.targets.cpu.emit import emit
from tvmlab.targets.cpu.limits import cpu_features
from tvmlab.targets.cpu.provenance import linked_lines
from tvmlab.targets.cpu.run import CpuKernel
from tvmlab.targets.target import Signature


class CpuTarget:
    """This machine's cores, through LLVM.

    Attributes:
        name: `cpu`.
        code_kinds: see `tvmlab.targets.cpu.code_text`.
        preset: how much LLVM does: `explore`, `light` or `full`.
    """

    name = "cpu"
    code_kinds = CODE_KINDS

    def __init__(self, preset: str = DEFAULT_PRESET) -> None:
        self.preset = preset_named(preset).name

    def lower(self, program: Program) -> Program:
        """A scheduled program in vectors and registers; see `tvmlab.lower.pipeline`."""
        return lower(program)

    def emit(self, program: Program, lines: Mapping[Var | str, int] | None = None) -> str:
        """LLVM IR of a lowered program; see `tvmlab.targets.cpu.emit`."""
        return emit(program, cpu_features(), lines=lines)

    def code(self, text: str, kind: str) -> str:
        """What becomes of LLVM IR `text`, as `kind`, one of `code_kinds`."""
        return code_text(text, kind, self.preset)

    def code_lines(self, text: str, kind: str) -> list[LinkedLine]:
        """`code(text, kind)` in lines, each with the line of the program that it comes from.

        Args:
            text: LLVM IR that `emit` made with `lines`.
            kind: one of `code_kinds`.
        """
        return linked_lines(code_text(text, kind, self.preset), kind)

    def build(self, text: str, signature: Signature) -> CpuKernel:
        """A kernel of LLVM IR `text`; TargetError where LLVM refuses it."""
        return CpuKernel(text, signature, self.preset)

    def details(self) -> Mapping[str, Any]:
        """The target as plain data, as `targets.get` takes it."""
        return {"name": self.name, "preset": self.preset}

    def device(self) -> Mapping[str, Any]:
        """The processor: its model, instruction sets, cores and caches (bytes by level)."""
        features = cpu_features()
        return {
            "kind": self.name,
            "model": features.model,
            "instruction_sets": list(features.instruction_sets),
            "cores": os.cpu_count(),  # of the machine, not of those this process may use
            "cache_bytes": {str(level): size for level, size in features.cache_bytes.items()},
        }


def report(printed: Printed, lines: Sequence[LinkedLine]) -> CodeReport:
    """What this machine's assembly `lines` became of the loops of the program `printed`."""
    return code_report(printed, lines, cpu_features(), host().is_x86)
