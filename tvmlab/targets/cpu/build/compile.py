"""LLVM IR text to machine code: optimise, generate, cache, link; or show the text on the way.

Three presets trade compile time against what LLVM is asked to find by itself. The emitter already
prints vectors, unrolled tiles and register accumulators, so the shortest one is often enough.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import llvmlite.binding as llvm

from tvmlab.errors import TargetError
from tvmlab.targets.cpu.build.host import host, linker, target_machine
from tvmlab.targets.cpu.build.object_cache import ObjectCache

_LIBRARY_NUMBERS = itertools.count()


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

OBJECTS = ObjectCache()
"""The object code of every kernel this user built lately."""


class Code:
    """Machine code in memory; alive as long as this object is.

    Attributes:
        symbols: address of each exported function.
    """

    def __init__(self, tracker: llvm.ResourceTracker, names: tuple[str, ...]) -> None:
        self._tracker = tracker
        self.symbols = {name: int(tracker[name]) for name in names}


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


def compile_object(text: str, preset: str = DEFAULT_PRESET) -> bytes:
    """Object code of LLVM IR `text` for this host, from the cache where it can be.

    Raises:
        TargetError: LLVM refuses the text, or a function is called that nothing defines.
    """
    key = _key(text, preset)
    content = OBJECTS.get(key)
    if content is None:
        with _optimised(text, preset) as module:
            _check_symbols(module)
            content = target_machine(preset_named(preset).codegen_level).emit_object(module)
        OBJECTS.put(key, content)
    return content


def link(content: bytes, *names: str) -> Code:
    """Object code placed in memory, with the addresses of functions `names`.

    Raises:
        TargetError: the object code cannot be linked.
    """
    library = llvm.JITLibraryBuilder().add_object_img(content).add_current_process()
    for name in names:
        library.export_symbol(name)
    try:
        tracker = library.link(linker(), f"kernel{next(_LIBRARY_NUMBERS)}")
    except RuntimeError as error:
        raise TargetError(
            f"Linking {', '.join(names)} for target cpu failed: {_sentence(error)}."
        ) from error
    return Code(tracker, names)


def load(text: str, *names: str, preset: str = DEFAULT_PRESET) -> Code:
    """LLVM IR `text` compiled and placed in memory.

    Raises:
        TargetError: as `compile_object` and `link`.
    """
    return link(compile_object(text, preset), *names)


def assembly(text: str, preset: str = DEFAULT_PRESET, syntax: str = "att") -> str:
    """Assembly of LLVM IR `text`; `syntax` is `att` or `intel` (which only x86 tells apart).

    Raises:
        TargetError: LLVM refuses the text, or the syntax is not known.
    """
    if syntax not in ("att", "intel"):
        raise TargetError(f"Assembly syntax {syntax!r} is not known; use 'att' or 'intel'.")
    with _optimised(text, preset) as module:
        level = preset_named(preset).codegen_level
        return str(target_machine(level, syntax == "intel").emit_assembly(module))


def optimised_llvm(text: str, preset: str = DEFAULT_PRESET) -> str:
    """LLVM IR `text` after the IR passes of `preset`.

    Raises:
        TargetError: LLVM refuses the text.
    """
    with _optimised(text, preset) as module:
        return str(module)


@contextmanager
def _optimised(text: str, preset: str) -> Iterator[llvm.ModuleRef]:
    """The module of `text` after the passes of `preset`, freed at the end of the `with`.

    Each module has a context of its own, so names and types of one never reach another. Both are
    closed by hand: a garbage collector may free the context first, and LLVM dies of that.
    """
    chosen = preset_named(preset)
    machine = target_machine(chosen.codegen_level)
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
            chosen.passes(llvm.create_pass_builder(machine, options), module)
            yield module
        finally:
            module.close()
    finally:
        context.close()


def _parsed(text: str, context: llvm.ContextRef) -> llvm.ModuleRef:
    module = None
    try:
        module = llvm.parse_assembly(text, context)
        module.verify()
    except RuntimeError as error:
        if module is not None:
            module.close()
        raise TargetError(
            f"Building for target cpu stopped in LLVM, which refuses the emitted text: "
            f"{_sentence(error)}; this is a defect of tvmlab, please report it with the program."
        ) from error
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


def _key(text: str, preset: str) -> str:
    machine = host()
    parts = (preset, machine.triple, machine.cpu, machine.features, machine.compiler, text)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _sentence(error: Exception) -> str:
    """LLVM's reason on one line, without the source excerpt and the marker below it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if "error:" in line] or lines[:1] or ["no reason given"]
    return re.sub(r"^<string>:(\d+):(\d+): error: ", r"line \1, column \2: ", told[0]).rstrip(".;")
