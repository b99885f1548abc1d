"""LLVM IR text to machine code: generate, cache, link; or show the text on the way."""

from __future__ import annotations

import hashlib
import itertools

import llvmlite.binding as llvm

from tvmlab.errors import TargetError
from tvmlab.targets.cpu.build.generate import sentence
from tvmlab.targets.cpu.build.host import host, linker
from tvmlab.targets.cpu.build.patience import generate_patiently
from tvmlab.targets.cpu.build.presets import DEFAULT_PRESET
from tvmlab.targets.object_cache import ObjectCache

_LIBRARY_NUMBERS = itertools.count()

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


def compile_object(text: str, preset: str = DEFAULT_PRESET) -> bytes:
    """Object code of LLVM IR `text` for this host, from the cache where it can be.

    Raises:
        TargetError: LLVM refuses the text, a function is called that nothing defines, or it took
            longer than `compile_limit_s`.
    """
    key = _key(text, preset)
    content = OBJECTS.get(key)
    if content is None:
        content = generate_patiently(text, preset, "object")
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
            f"Linking {', '.join(names)} for target cpu failed: {sentence(error)}."
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
        TargetError: LLVM refuses the text or takes too long, or the syntax is not known.
    """
    if syntax not in ("att", "intel"):
        raise TargetError(f"Assembly syntax {syntax!r} is not known; use 'att' or 'intel'.")
    return generate_patiently(text, preset, syntax).decode()


def optimised_llvm(text: str, preset: str = DEFAULT_PRESET) -> str:
    """LLVM IR `text` after the IR passes of `preset`.

    Raises:
        TargetError: LLVM refuses the text or takes too long.
    """
    return generate_patiently(text, preset, "llvm").decode()


def _key(text: str, preset: str) -> str:
    machine = host()
    parts = (preset, machine.triple, machine.cpu, machine.features, machine.compiler, text)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
