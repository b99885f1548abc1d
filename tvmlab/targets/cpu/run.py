"""Calling compiled kernels on arrays: what is checked, what is shared, what is kept alive."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from tvmlab.errors import TargetError, UsageError
from tvmlab.ir import dtypes
from tvmlab.ir.arrays import empty
from tvmlab.ir.shapes import value_of
from tvmlab.targets.cpu.build import DEFAULT_PRESET, Code, load
from tvmlab.targets.cpu.code_text import code_text
from tvmlab.targets.cpu.export import export_library
from tvmlab.targets.cpu.threads import launch_address
from tvmlab.targets.target import Param, Signature

_CONTIGUOUS, _ALIGNED, _WRITEABLE = 0x1, 0x100, 0x400  # NPY_ARRAY_*, numpy/ndarraytypes.h
_DATA_OFFSET = object.__basicsize__  # PyArrayObject: the object's head, then `char *data`

_HOST_DEVICES = (1, 3, 11)  # kDLCPU, kDLCUDAHost, kDLROCMHost of dlpack.h

_MOST_LAYOUTS = 64
"""Values of sizes whose checks and workspaces a kernel remembers."""

_Arrays = tuple[np.ndarray, ...]


class CpuKernel:
    """A compiled kernel, callable on arrays in the order of `signature.params`.

    Safe to call from several threads at once, each with outputs of its own. The GIL is released
    while it runs.

    Attributes:
        signature: how it is called.
        text: the LLVM IR it was built from.
        preset: how it was built.
    """

    def __init__(self, text: str, signature: Signature, preset: str = DEFAULT_PRESET) -> None:
        self.signature = signature
        self.text = text
        self.preset = preset
        self._code: Code = load(text, signature.name, preset=preset)
        pointers = 1 + len(signature.params) + len(signature.workspaces)
        sizes = [ctypes.c_int64] * len(signature.sizes)
        prototype = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * pointers, *sizes)
        self._function = prototype(self._code.symbols[signature.name])
        self._is_parallel = "%launch(" in text
        self._layouts: dict[tuple[int, ...], _Layout] = {}
        self._fixed = None if signature.sizes else _Layout((), signature)

    def __call__(self, *arrays: Any) -> None:
        """Run once; outputs are written in place.

        Arguments are NumPy arrays, or objects that share CPU memory through DLPack or
        `__array_interface__`; nothing is ever copied.

        Raises:
            TargetError: an array has the wrong shape, dtype, layout or device, is read-only, or
                an output shares memory with another array.
        """
        _, pointers, layout = self._admit(arrays)
        try:
            workspaces = layout.idle.pop()
        except IndexError:
            workspaces = layout.new_workspaces()
        launch = launch_address() if self._is_parallel else None
        self._function(launch, *pointers, *map(_address, workspaces), *layout.values)
        layout.idle.append(workspaces)

    def prepare(self, *arrays: Any) -> CpuBoundCall:
        """The kernel bound to `arrays`, which are checked now; errors as in a call."""
        checked, pointers, layout = self._admit(arrays)
        workspaces = layout.new_workspaces()
        return CpuBoundCall(
            self._function,
            self._code.symbols[self.signature.name],
            self._is_parallel,
            (*pointers, *map(_address, workspaces)),
            layout.values,
            (self._code, checked, workspaces),
        )

    def code(self, kind: str) -> str:
        """The generated text of `kind`: see `tvmlab.targets.cpu.code_text`."""
        return code_text(self.text, kind, self.preset)

    def export(self, path: Path) -> Path:
        """A shared library at `path` and a C header: see `tvmlab.targets.cpu.export`."""
        return export_library(self.text, self.signature, self.preset, path)

    def _admit(self, arrays: tuple[Any, ...]) -> tuple[list[np.ndarray], list[int], _Layout]:
        """The arrays as NumPy sees them, the addresses of their data, and their layout, checked."""
        self.signature.check_count(arrays)
        layout = self._fixed
        if layout is None:
            arrays = tuple(map(self._as_array, arrays, self.signature.params))
            layout = self._layout_of(arrays)
        checked, starts = [], []
        for array, (param, shape, dtype, flags) in zip(arrays, layout.checks, strict=True):
            if type(array) is not np.ndarray:
                array = self._as_array(array, param)
            if array.dtype != dtype or array.shape != shape or ~array.flags.num & flags:
                self._refuse(array, param, flags)
            checked.append(array)
            starts.append(_address(array))
        for output, output_bytes, other, other_bytes in layout.conflicts:
            apart = starts[output] - starts[other]
            if -output_bytes < apart < other_bytes:
                self._refuse_overlap(output, other)
        return checked, starts, layout

    def _layout_of(self, arrays: _Arrays) -> _Layout:
        """The layout for the sizes that the arrays' shapes tell."""
        try:
            values = self.signature.sizes_from([a.shape for a in arrays])
        except UsageError as error:
            raise TargetError(f"Kernel {self.signature.name}: {error}") from None
        key = tuple(values[s] for s in self.signature.sizes)
        found = self._layouts.get(key)
        if found is None:
            if len(self._layouts) >= _MOST_LAYOUTS:
                self._layouts.clear()
            found = self._layouts[key] = _Layout(key, self.signature.at(values))
        return found

    def _as_array(self, given: Any, param: Param) -> np.ndarray:
        """`given` as an array over the same memory."""
        try:
            if isinstance(given, np.ndarray) or hasattr(given, "__array_interface__"):
                return np.asarray(given)
            if hasattr(given, "__dlpack__"):
                device = given.__dlpack_device__()[0]
                if device not in _HOST_DEVICES:
                    raise TargetError(
                        f"Kernel {self.signature.name} expects {param} in CPU memory, but got "
                        f"{_article(type(given).__name__)} on a device of DLPack's type "
                        f"{int(device)}; move it to the CPU first."
                    )
                return np.from_dlpack(given)
        except (BufferError, RuntimeError, TypeError, ValueError) as error:
            raise TargetError(
                f"Kernel {self.signature.name} cannot use the {type(given).__name__} given as "
                f"{param} without a copy: {str(error).rstrip('.')}; copy it to a NumPy array."
            ) from error
        raise TargetError(
            f"Kernel {self.signature.name} expects {param} as an array, but got "
            f"{_article(type(given).__name__)}; wrap it with numpy.asarray(...)."
        )

    def _refuse(self, array: np.ndarray, param: Param, flags: int) -> None:
        """Raise the sentence for an array that is not what `param` asks."""
        expects = f"Kernel {self.signature.name} expects {param}, but got"
        missing = ~array.flags.num & flags
        if array.dtype.kind == "V" and array.itemsize == 2 and param.dtype == "bfloat16":
            raise TargetError(
                f"{expects} {array.dtype}{list(array.shape)}, which files make of it; "
                "read its bits with .view('bfloat16')."
            )
        if array.dtype != param.dtype:
            raise TargetError(
                f"{expects} {array.dtype.str if not array.dtype.isnative else array.dtype}"
                f"{list(array.shape)}; convert it with .astype('{param.dtype}')."
            )
        if array.shape != param.shape:
            raise TargetError(
                f"{expects} {array.dtype}{list(array.shape)}; pass an array of shape "
                f"{list(param.shape)}, or build the kernel for this shape."
            )
        if missing & _CONTIGUOUS:
            raise TargetError(
                f"{expects} an array with strides {array.strides} in bytes; "
                f"make it row-major with numpy.ascontiguousarray(...)."
            )
        if missing & _WRITEABLE:
            raise TargetError(
                f"{expects} a read-only array, and {param.name} is written; pass a writable one."
            )
        raise TargetError(
            f"{expects} an array whose address is no multiple of {array.itemsize}; "
            f"copy it with .copy()."
        )

    def _refuse_overlap(self, output: int, other: int) -> None:
        params = self.signature.params
        raise TargetError(
            f"Kernel {self.signature.name} got arrays for {params[output].name} and "
            f"{params[other].name} that share memory, and writes {params[output].name}; "
            f"pass arrays of their own."
        )


class _Layout:
    """What a kernel checks and needs for known sizes.

    Attributes:
        values: the sizes, as the kernel takes them.
        checks, conflicts: see `_check_of` and `_conflicts`.
        idle: workspaces that no call uses now.
    """

    __slots__ = ("_workspaces", "checks", "conflicts", "idle", "values")

    def __init__(self, values: tuple[int, ...], signature: Signature) -> None:
        self.values = values
        self.checks = tuple(_check_of(p) for p in signature.params)
        self.conflicts = _conflicts(signature.params)
        self.idle: list[_Arrays] = []
        self._workspaces = tuple(value_of(size, {}) for size in signature.workspaces)

    def new_workspaces(self) -> _Arrays:
        """Scratch memory for one call."""
        return tuple(empty(size, "uint8") for size in self._workspaces)


class CpuBoundCall:
    """A kernel with its arrays and workspaces; for one thread at a time."""

    __slots__ = ("_address", "_function", "_is_parallel", "_kept", "_pointers", "_sizes")

    def __init__(
        self,
        function: Callable[..., None],
        address: int,
        is_parallel: bool,
        pointers: tuple[int, ...],
        sizes: tuple[int, ...],
        kept: tuple[Any, ...],
    ) -> None:
        self._function = function
        self._address = address
        self._is_parallel = is_parallel
        self._pointers = pointers
        self._sizes = sizes
        self._kept = kept

    def __call__(self) -> None:
        """Run the kernel once."""
        launch = launch_address() if self._is_parallel else None
        self._function(launch, *self._pointers, *self._sizes)

    def repeat(self, count: int) -> None:
        """Run the kernel `count` times in machine code."""
        launch = launch_address() if self._is_parallel else None
        loop = _repeater(1 + len(self._pointers), len(self._sizes))
        loop(count, self._address, launch, *self._pointers, *self._sizes)


@cache
def _repeater(pointers: int, sizes: int) -> Callable[..., None]:
    """A compiled loop that calls a kernel a given number of times.

    The kernel takes `pointers` pointers, and after them `sizes` integers of 64 bits.
    """
    names = [f"ptr %p{i}" for i in range(pointers)] + [f"i64 %n{i}" for i in range(sizes)]
    symbol = f"repeat{pointers}_{sizes}"
    text = f"""\
define void @{symbol}(i64 %count, ptr %kernel, {", ".join(names)}) {{
entry:
  %some = icmp sgt i64 %count, 0
  br i1 %some, label %again, label %end
again:
  %done = phi i64 [ 0, %entry ], [ %next, %again ]
  call void %kernel({", ".join(names)})
  %next = add i64 %done, 1
  %more = icmp slt i64 %next, %count
  br i1 %more, label %again, label %end
end:
  ret void
}}
"""
    code = load(text, symbol, preset="explore")
    kinds = [ctypes.c_void_p] * (1 + pointers) + [ctypes.c_int64] * sizes
    prototype = ctypes.CFUNCTYPE(None, ctypes.c_int64, *kinds)
    function = prototype(code.symbols[symbol])

    def repeat(count: int, *arguments: Any, _code: Code = code) -> None:
        function(count, *arguments)

    return repeat


def _address(array: np.ndarray) -> int:
    """Address of the array's first element; a tenth of the time of `array.ctypes.data`."""
    return ctypes.c_void_p.from_address(id(array) + _DATA_OFFSET).value or 0


def _check_of(param: Param) -> tuple[Param, tuple[int, ...], np.dtype, int]:
    flags = _CONTIGUOUS | _ALIGNED | (_WRITEABLE if param.is_output else 0)
    return param, param.extents, np.dtype(param.dtype), flags


def _conflicts(params: tuple[Param, ...]) -> tuple[tuple[int, int, int, int], ...]:
    """Pairs (output, its bytes, other array, its bytes) that must not overlap."""
    sizes = [prod(p.extents) * dtypes.size_bytes(p.dtype) for p in params]
    return tuple(
        (i, sizes[i], j, sizes[j])
        for i, written in enumerate(params)
        if written.is_output
        for j, other in enumerate(params)
        if j < i or (j > i and not other.is_output)
    )


def _article(noun: str) -> str:
    return f"{'an' if noun[0].lower() in 'aeiou' else 'a'} {noun}"
