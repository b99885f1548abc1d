"""The best this processor was measured to do: multiply-adds a second, bytes read a second.

Measured by loops of our own, a few milliseconds each, in rounds; the best of all rounds counts,
as whatever disturbs makes it slower. It takes about a second, once for each machine: the result is
kept in the user's cache directory.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from tvmlab.targets.cpu.build import Code, host, load
from tvmlab.targets.cpu.limits.features import CpuFeatures, cpu_features
from tvmlab.targets.cpu.limits.peak_text import (
    LLVM_TYPES,
    READ_STEP_VECTORS,
    dots,
    multiply_adds,
    offered_dots,
    reading,
)
from tvmlab.targets.cpu.threads import launch_address, num_threads
from tvmlab.targets.user_cache import cache_directory, replace_file

_FORMAT = 3
_BUDGET_S = 0.8
_SAMPLE_S = 0.002
_DRAM_BYTES_MOST = 256 << 20
_DOT_BYTES = 16 * 64
"""A thread's data for a loop of dots, which ends by storing every chain."""

_LARGE_PAGE_BYTES = 2 << 20
"""Data begins and ends with one: NumPy asks for large pages where it can, and without them looking
pages up costs 6 % of the third level's bandwidth."""

_WORD = ctypes.c_int64
_BODY = ctypes.CFUNCTYPE(None, ctypes.c_void_p, _WORD, _WORD)
_LAUNCH = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, _WORD, _WORD)


@dataclass(frozen=True)
class CpuPeaks:
    """Measured limits; each pair is for one thread and for all of them together.

    Attributes:
        threads: how many all are.
        flop_per_s: by dtype; a fused multiply-add counts as two operations. `uint8` and `bfloat16`
            are products of these summed in 32 bits, where the processor has an instruction.
        read_bytes_per_s: by the memory read: `L1`, `L2`, `L3` (what the machine has), `DRAM`.
        scalar_flop_per_s: as `flop_per_s`, of one number at a time; empty where an earlier version
            measured.
    """

    threads: int
    flop_per_s: dict[str, tuple[float, float]]
    read_bytes_per_s: dict[str, tuple[float, float]]
    scalar_flop_per_s: dict[str, tuple[float, float]] = field(default_factory=dict)

    def peak_flop_per_s(self, dtype: str = "float32", threads: int | None = None) -> float:
        """Operations a second on `threads` threads, all by default.

        Between one thread and all, proportional. A dtype that was not measured is taken as
        float32, which is what narrower floats are computed in.
        """
        one, every = self.flop_per_s.get(dtype, self.flop_per_s["float32"])
        return self._share(one, every, threads)

    def peak_bytes_per_s(self, memory: str = "DRAM", threads: int | None = None) -> float:
        """Bytes read a second from `memory` on `threads` threads, all by default."""
        one, every = self.read_bytes_per_s[memory]
        return self._share(one, every, threads)

    def _share(self, one: float, every: float, threads: int | None) -> float:
        if threads is None or threads >= self.threads:
            return every
        return one + (every - one) * (threads - 1) / max(1, self.threads - 1)

    def best_of(self, other: CpuPeaks) -> CpuPeaks:
        """The higher figure of two measurements of one machine, each by each."""

        def best(
            a: dict[str, tuple[float, float]], b: dict[str, tuple[float, float]]
        ) -> dict[str, tuple[float, float]]:
            none = (0.0, 0.0)
            pairs = {k: (a.get(k, none), b.get(k, none)) for k in a | b}
            return {k: (max(x[0], y[0]), max(x[1], y[1])) for k, (x, y) in pairs.items()}

        return CpuPeaks(
            self.threads,
            best(self.flop_per_s, other.flop_per_s),
            best(self.read_bytes_per_s, other.read_bytes_per_s),
            best(self.scalar_flop_per_s, other.scalar_flop_per_s),
        )


def cpu_peaks(refresh: bool = False) -> CpuPeaks:
    """This machine's limits: remembered if they were ever measured, else measured now.

    With `refresh` they are measured again and the better figures kept, which mends what was
    measured on a busy machine.
    """
    if not refresh:
        return _remembered(num_threads())
    _remembered.cache_clear()
    path = _path(num_threads())
    known = _read(path)
    measured = measure_peaks()
    best = known.best_of(measured) if known else measured
    replace_file(path, json.dumps(asdict(best), indent=1).encode())
    return best


@cache
def _remembered(threads: int) -> CpuPeaks:
    return _read(_path(threads)) or cpu_peaks(refresh=True)


def measure_peaks(budget_s: float = _BUDGET_S) -> CpuPeaks:
    """Measure now, for about `budget_s` seconds; every loop runs three times at least."""
    features, threads = cpu_features(), num_threads()
    arithmetic, memory = _arithmetic(features, threads), _memory(features, threads)
    scalar = [_multiply_adds(features, dtype, threads, lanes=1) for dtype in LLVM_TYPES]
    samples = [*arithmetic, *memory, *scalar]
    best = [[0.0, 0.0] for _ in samples]
    deadline, rounds = time.perf_counter() + budget_s, 0
    while rounds < 3 or time.perf_counter() < deadline:
        for figures, sample in zip(best, samples, strict=True):
            figures[0] = max(figures[0], sample.rate(1))
            figures[1] = max(figures[1], sample.rate(threads) if threads > 1 else figures[0])
        rounds += 1
    found = {s: (one, every) for s, (one, every) in zip(samples, best, strict=True)}
    return CpuPeaks(
        threads,
        *({s.name: found[s] for s in kind} for kind in (arithmetic, memory, scalar)),
    )


class _Sample:
    """One loop over data of its own, made to take about `_SAMPLE_S` a call.

    Args:
        name: what is measured.
        code: the loop, exported as `symbol`.
        bytes_of: bytes of data for a thread that runs alone, and for each of several.
        operations: what one pass does; None: it reads the bytes.
        threads: how many several are.
    """

    def __init__(
        self,
        name: str,
        code: Code,
        symbol: str,
        bytes_of: tuple[int, int],
        operations: int | None,
        threads: int,
    ) -> None:
        self.name = name
        self._code = code
        self._address = code.symbols[symbol]
        self._bytes_of = bytes_of
        self._operations = operations
        self._data = _in_large_pages(max(bytes_of[0], bytes_of[1] * threads))
        self._data[:] = 0  # pages exist, and 0 * 0 + 0 stays 0: no slow denormals
        self._closure = (_WORD * 3)(self._data.ctypes.data, bytes_of[0], 1)
        self._run: dict[bool, Callable[[int], None]] = {False: self._alone, True: self._shared}
        while (taken_s := self._time(1)) < _SAMPLE_S / 2:
            factor = min(64.0, _SAMPLE_S / max(taken_s, 1e-7))
            self._closure[2] = max(self._closure[2] + 1, int(self._closure[2] * factor))

    def rate(self, threads: int) -> float:
        """Operations or bytes a second in one call on `threads` threads.

        After a pass that is not counted: other samples have had the caches meanwhile, and bringing
        the data back took 5 % of what was counted as reading the third level.
        """
        passes = self._closure[2]
        self._closure[2] = 1
        self._time(threads)
        self._closure[2] = passes
        taken_s = self._time(threads)
        return passes * (self._operations or self._closure[1]) * threads / taken_s

    def _time(self, threads: int) -> float:
        run = self._run[threads > 1]
        self._closure[1] = self._bytes_of[threads > 1]
        begin = time.perf_counter()
        run(threads)
        return time.perf_counter() - begin

    def _alone(self, threads: int) -> None:
        _BODY(self._address)(ctypes.addressof(self._closure), 0, 1)

    def _shared(self, threads: int) -> None:
        _LAUNCH(launch_address())(self._address, ctypes.addressof(self._closure), threads, 1)


def _arithmetic(features: CpuFeatures, threads: int) -> list[_Sample]:
    samples = [_multiply_adds(features, dtype, threads) for dtype in LLVM_TYPES]
    for dtype in offered_dots(features):
        text, flop = dots(features, dtype)
        code = load(text, f"dot_{dtype}", preset="explore")
        samples.append(
            _Sample(dtype, code, f"dot_{dtype}", (_DOT_BYTES, _DOT_BYTES), flop, threads)
        )
    return samples


def _multiply_adds(
    features: CpuFeatures, dtype: str, threads: int, lanes: int | None = None
) -> _Sample:
    text, flop = multiply_adds(features, dtype, lanes)
    code = load(text, f"fma_{dtype}", preset="explore")
    return _Sample(dtype, code, f"fma_{dtype}", (64, 64), flop, threads)


def _memory(features: CpuFeatures, threads: int) -> list[_Sample]:
    """Reading half of each cache, a few times the second level for the third, and far beyond.

    A thread alone reads as much memory as all of them together: with its share of it, a good part
    would still stand in the third level from the pass before.
    """
    code = load(reading(features), "read", preset="explore")
    caches = features.cache_bytes
    sizes = {f"L{level}": size // 2 for level, size in caches.items() if level < 3}
    last = max(caches.values())
    if 3 in caches:
        sizes["L3"] = min(caches[3] // (2 * threads), 4 * caches.get(2, caches[3] // 8))
    beyond = min(max(4 * last, 64 << 20), _DRAM_BYTES_MOST)
    each = {name: (size, size) for name, size in sizes.items()}
    each["DRAM"] = (beyond, beyond // threads)
    step = READ_STEP_VECTORS * features.vector_bits // 8
    return [
        _Sample(name, code, "read", (one // step * step, share // step * step), None, threads)
        for name, (one, share) in each.items()
    ]


def _in_large_pages(size_bytes: int) -> np.ndarray:
    """uint8[size_bytes], uninitialised, at an address that is a multiple of a large page."""
    whole = -(-size_bytes // _LARGE_PAGE_BYTES) * _LARGE_PAGE_BYTES
    memory = np.empty(whole + _LARGE_PAGE_BYTES, np.uint8)
    offset = -memory.ctypes.data % _LARGE_PAGE_BYTES
    return memory[offset : offset + size_bytes]


def _path(threads: int) -> Path:
    machine, features = host(), cpu_features()
    parts = (_FORMAT, features.model, machine.cpu, features.cache_bytes, threads, machine.compiler)
    name = hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
    return cache_directory() / "limits" / f"cpu-{name}.json"


def _read(path: Path) -> CpuPeaks | None:
    """What an earlier measurement left; None where there is none, or it is damaged."""
    try:
        stored = json.loads(path.read_text())
        return CpuPeaks(
            int(stored["threads"]),
            {k: (float(a), float(b)) for k, (a, b) in stored["flop_per_s"].items()},
            {k: (float(a), float(b)) for k, (a, b) in stored["read_bytes_per_s"].items()},
            {k: (float(a), float(b)) for k, (a, b) in stored.get("scalar_flop_per_s", {}).items()},
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
