"""A kernel from a shared library that `export` wrote, called from Python without the compiler.

The library tells what it takes (`tvmlab_signature`), so that arrays are checked as a kernel built
here checks them. Nothing of LLVM or of the tuner is loaded. Parallel loops run in the calling
thread, as they do in a C program that sets nothing else.
"""

from __future__ import annotations

import ctypes
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tvmlab.errors import TargetError, as_path

VERSION = 1
"""Of what a library says of itself."""


class Taken(NamedTuple):
    """An array that the kernel takes; an extent is a number, a size's name, or None for what is
    worked out of sizes and not checked."""

    name: str
    shape: tuple[int | str | None, ...]
    dtype: str
    is_output: bool

    def __str__(self) -> str:
        extents = ", ".join("?" if e is None else str(e) for e in self.shape)
        return f"{self.name}: {self.dtype}[{extents}]"


class Library:
    """`f(*inputs, *outputs)` writes its outputs in place.

    Attributes:
        name: the kernel's name.
        params: the arrays it takes, inputs first.
    """

    def __init__(self, path: Path) -> None:
        told = _opened(path)
        try:
            signature = told.tvmlab_signature
            signature.restype = ctypes.c_char_p
            facts = json.loads(signature())
        except (AttributeError, ValueError):
            raise TargetError(
                f"{path} was not exported by tvmlab, or by a version whose libraries do not say "
                "what they take; export it again with f.export(path)."
            ) from None
        if facts["tvmlab_kernel"] != VERSION:
            raise TargetError(
                f"{path} has version {facts['tvmlab_kernel']} and this tvmlab loads {VERSION}; "
                "export it again."
            )
        self.name: str = facts["name"]
        self.params = tuple(
            Taken(p["name"], tuple(p["shape"]), p["dtype"], p["output"]) for p in facts["params"]
        )
        self._sizes: list[str] = facts["sizes"]
        self._run = told[f"{self.name}_run"]
        self._run.restype = ctypes.c_int
        pointers = [ctypes.c_void_p] * len(self.params)
        self._run.argtypes = pointers + [ctypes.c_int64] * len(self._sizes)

    def __call__(self, *arrays: Any) -> None:
        """Run once.

        Args:
            arrays: NumPy arrays, or what shares CPU memory through DLPack, row-major, of the shapes
                and dtypes of `params`.

        Raises:
            TargetError: an array has the wrong shape, dtype or layout, is read-only, or shares
                memory with one that is written; or there is no memory for scratch.
        """
        if len(arrays) != len(self.params):
            raise TargetError(
                f"Kernel {self.name} takes {len(self.params)} arrays "
                f"({', '.join(map(str, self.params))}), but got {len(arrays)}."
            )
        taken = [self._admitted(*pair) for pair in zip(arrays, self.params, strict=True)]
        sizes = self._sizes_of(taken)
        for n, written in enumerate(self.params):
            for other in range(len(taken)):
                if written.is_output and other != n and np.may_share_memory(taken[n], taken[other]):
                    raise TargetError(
                        f"Kernel {self.name} got arrays for {written.name} and "
                        f"{self.params[other].name} that share memory, and writes {written.name}; "
                        "pass arrays of their own."
                    )
        if self._run(*(array.ctypes.data for array in taken), *sizes):
            raise TargetError(
                f"Kernel {self.name} got no memory for scratch; free some and call it again."
            )

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.params))})"

    def _admitted(self, asked: Any, param: Taken) -> np.ndarray:
        """An array as it is taken, never copied."""
        expects = f"Kernel {self.name} expects {param}, but got"
        given: np.ndarray = asked
        if not isinstance(asked, np.ndarray):
            if not hasattr(asked, "__dlpack__"):
                raise TargetError(f"{expects} {type(asked).__name__}; pass a NumPy array.")
            try:
                given = np.from_dlpack(asked)
            except (BufferError, RuntimeError, TypeError, ValueError) as error:
                raise TargetError(
                    f"{expects} a {type(asked).__name__} that cannot be used without a copy "
                    f"({error}); copy it to a NumPy array."
                ) from None
        shape = f"{given.dtype}{list(given.shape)}"
        fits = len(given.shape) == len(param.shape) and all(
            not isinstance(e, int) or e == n for e, n in zip(param.shape, given.shape, strict=True)
        )
        if str(given.dtype) != param.dtype:
            raise TargetError(f"{expects} {shape}; convert it with .astype({param.dtype!r}).")
        if not fits:
            raise TargetError(f"{expects} {shape}; pass an array of that shape.")
        if not given.flags.c_contiguous or not given.flags.aligned:
            raise TargetError(
                f"{expects} one laid out otherwise; use numpy.ascontiguousarray(...)."
            )
        if param.is_output and not given.flags.writeable:
            raise TargetError(f"{expects} a read-only array, and it is written; pass another.")
        return given

    def _sizes_of(self, arrays: list[np.ndarray]) -> list[int]:
        """The value of each size, told by the arrays' shapes."""
        values: dict[str, int] = {}
        for array, param in zip(arrays, self.params, strict=True):
            for extent, number in zip(param.shape, array.shape, strict=True):
                if isinstance(extent, str) and values.setdefault(extent, number) != number:
                    raise TargetError(
                        f"Kernel {self.name} got {extent} = {values[extent]} and {number} at once; "
                        f"pass arrays that agree in {extent}."
                    )
        missing = next((name for name in self._sizes if name not in values), None)
        if missing is not None:
            raise TargetError(
                f"Kernel {self.name} takes the size {missing}, which no array's shape tells; call "
                "it from C."
            )
        return [values[name] for name in self._sizes]


def load(path: str | Path) -> Library:
    """The kernel in a shared library that `f.export(path)` wrote, to be called on arrays.

    Raises:
        TargetError: there is no such library, or it is not one of tvmlab's.
    """
    return Library(as_path(path, "the library"))


def _opened(path: Path) -> ctypes.CDLL:
    if not path.is_file():
        raise TargetError(f"there is no library {path}; check the name.")
    try:
        return ctypes.CDLL(str(path.resolve()))
    except OSError:
        raise TargetError(
            f"{path} is no shared library of this machine; export it again here."
        ) from None
