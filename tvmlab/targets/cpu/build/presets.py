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
        Preset("full", _full_passes, 3, "LLVM's whole O3 pipeline, where it may find something"),
    )
}
DEFAULT_PRESET = "full"
"""What a build takes unless told otherwise.

On kernels scheduled with vectors and unrolled tiles the presets run equally fast, and `full` adds
about 6 ms to a build of 15 ms; on scalar loops it finds vectors by itself (softmax 4 times faster).
"""

LARGE_LINES = 600
"""Lines of LLVM IR from which the O3 pipeline takes longer (25 ms and more, Zen 4) than all that
follows it."""

_LOOP, _LEFT_ALONE = "\nloop.", ", !llvm.loop"
"""Where a loop begins, and what ends one that a schedule has shaped."""


def loops_left(text: str) -> int:
    """The loops of an emitted text that no schedule has shaped: LLVM is to look at them."""
    return text.count(_LOOP) - text.count(_LEFT_ALONE)


def preset_for(text: str, name: str) -> Preset:
    """What the preset `name` comes to for a text: `full` is `light` where that finds as much.

    So it is in a large text, in which a schedule wrote out tiles, if it shaped every loop and the
    multiply-adds outnumber masks and choices by lane, which O3 knows to combine (with half as many
    of these, depthwise convolutions took 1.5 times as long without it; convolutions and products
    the same time, and half as long to compile).

    Raises:
        TargetError: there is no such preset.
    """
    found = preset_named(name)
    if name != "full" or text.count("\n") < LARGE_LINES or loops_left(text):
        return found
    chosen_by_lane = text.count("@llvm.masked.") + text.count(" = select <")
    return PRESETS["light"] if 2 * chosen_by_lane < text.count("@llvm.fma.") else found


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
