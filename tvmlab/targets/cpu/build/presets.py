"""How much LLVM is asked to do: three presets that trade compile time against what it finds.

The emitter already prints vectors, unrolled tiles and register accumulators, so the shortest one is
often enough.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import llvmlite.binding as llvm

from tvmlab.errors import TargetError


@dataclass(frozen=True)
class Preset:
    """How much LLVM does.

    Attributes:
        name: as the user says it.
        passes: the IR passes, a function from a pass builder and a module to nothing.
        codegen_level: effort of instruction selection, scheduling and register allocation, 0 to 3.
        meaning: one line for people.
    """

    name: str
    passes: Callable[[llvm.PassBuilder, llvm.ModuleRef], None]
    codegen_level: int
    meaning: str


def _no_passes(builder: llvm.PassBuilder, module: llvm.ModuleRef) -> None:
    """The text as emitted."""


def _light_passes(builder: llvm.PassBuilder, module: llvm.ModuleRef) -> None:
    """Unroll what is marked so, promote memory to registers, tidy up."""
    passes = llvm.create_new_function_pass_manager()
    passes.add_loop_unroll_pass()
    passes.add_sroa_pass()
    passes.add_reassociate_pass()
    passes.add_dead_code_elimination_pass()
    for function in module.functions:
        if not function.is_declaration:
            passes.run(function, builder)


def _full_passes(builder: llvm.PassBuilder, module: llvm.ModuleRef) -> None:
    """LLVM's own pipeline at its highest level."""
    builder.getModulePassManager().run(module, builder)


PRESETS = {
    preset.name: preset
    for preset in (
        Preset("explore", _no_passes, 2, "no IR passes: the shortest build"),
        Preset("light", _light_passes, 2, "unroll, promote to registers, tidy up"),
        Preset("full", _full_passes, 3, "LLVM's whole O3 pipeline"),
    )
}
DEFAULT_PRESET = "full"
"""What a build takes unless told otherwise.

On kernels scheduled with vectors and unrolled tiles the presets run equally fast, and `full` adds
about 6 ms to a build of 15 ms; on scalar loops it finds vectors by itself (softmax 4 times faster).
"""


def preset_named(name: str) -> Preset:
    """The preset called `name`.

    Raises:
        TargetError: there is none.
    """
    if not isinstance(name, str) or name not in PRESETS:
        raise TargetError(
            f"Preset {name!r} for target cpu is not known; use one of {', '.join(PRESETS)}."
        )
    return PRESETS[name]
