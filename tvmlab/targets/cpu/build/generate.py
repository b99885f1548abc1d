"""What LLVM makes of a text, in this process: it cannot be interrupted while it does.

LLVM holds a lock of its own and lets go of Python's, so other threads run on meanwhile, but no
signal is heard and no limit kept: `apart` runs the same in a process that can be ended.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import llvmlite.binding as llvm

from tvmlab.errors import TargetError
from tvmlab.targets.cpu.build.host import host, linker, target_machine
from tvmlab.targets.cpu.build.presets import Preset, preset_for

FORMS = ("object", "att", "intel", "llvm")
"""What can be made: object code, assembly in either syntax, LLVM IR after the passes."""


def generate(text: str, preset: str, form: str) -> bytes:
    """LLVM IR `text` as `form`, one of `FORMS`; texts in UTF-8.

    Raises:
        TargetError: LLVM refuses the text, or object code would call what nothing defines.
    """
    chosen = preset_for(text, preset)
    with _optimised(text, chosen) as module:
        if form == "llvm":
            return str(module).encode()
        level = chosen.codegen_level
        if form == "object":
            _check_symbols(module)
            return bytes(target_machine(level).emit_object(module))
        return str(target_machine(level, form == "intel").emit_assembly(module)).encode()


@contextmanager
def _optimised(text: str, preset: Preset) -> Iterator[llvm.ModuleRef]:
    """The module of `text` after the passes of `preset`, freed at the end of the `with`.

    Each module has a context of its own, so names and types of one never reach another. Both are
    closed by hand: a garbage collector may free the context first, and LLVM dies of that.
    """
    machine = target_machine(preset.codegen_level)
    context = llvm.create_context()
    try:
        module = _parsed(text, context)
        try:
            module.triple = host().triple
            module.data_layout = str(machine.target_data)
            options = llvm.create_pipeline_tuning_options(speed_level=3)
            options.loop_vectorization = True
            options.slp_vectorization = True
            options.loop_interleaving = True
            options.loop_unrolling = True
            preset.passes(llvm.create_pass_builder(machine, options), module)
            yield module
        finally:
            module.close()
    finally:
        context.close()


def objection(text: str) -> str:
    """Why LLVM refuses a text that is not ours, in its words; empty where it takes it."""
    context = llvm.create_context()
    try:
        _read(text, context).close()
    except RuntimeError as error:
        return sentence(error)
    finally:
        context.close()
    return ""


def _parsed(text: str, context: llvm.ContextRef) -> llvm.ModuleRef:
    try:
        return _read(text, context)
    except RuntimeError as error:
        raise TargetError(
            f"Building for target cpu stopped in LLVM, which refuses the emitted text: "
            f"{sentence(error)}; this is a defect of tvmlab, please report it with the program."
        ) from error


def _read(text: str, context: llvm.ContextRef) -> llvm.ModuleRef:
    module = None
    try:
        module = llvm.parse_assembly(text, context)
        module.verify()
    except RuntimeError:
        if module is not None:
            module.close()
        raise
    return module


def _check_symbols(module: llvm.ModuleRef) -> None:
    """Refuse a module that calls what nothing defines: the linker's own words are poorer."""
    linker()
    for function in module.functions:
        name = function.name
        if not function.is_declaration or name.startswith("llvm."):
            continue
        if llvm.address_of_symbol(name) is None:
            raise TargetError(
                f"Building for target cpu stopped before linking: the code calls {name!r}, which "
                f"no library of this process defines; use another function or target."
            )


def sentence(error: Exception) -> str:
    """LLVM's reason on one line, without the source excerpt and the marker below it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if "error:" in line] or lines[:1] or ["no reason given"]
    return re.sub(r"^<string>:(\d+):(\d+): error: ", r"line \1, column \2: ", told[0]).rstrip(".;")
