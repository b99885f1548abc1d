"""Our measured limits of this processor beside a reference in C, one thread, in interleaved rounds.

    .venv/bin/python benchmarks/peak.py

The reference is compiled by `gcc -O3 -march=native` and timed inside the same rounds. The two agree
within a few per cent where the machine is quiet.
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
import tempfile
from pathlib import Path

from tvmlab.targets.cpu.limits import cpu_features, measure_peaks

ROUNDS = 5

REFERENCE = r"""
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef TYPE vector __attribute__((vector_size(VECTOR_BYTES), aligned(64)));
#define CHAINS 12

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

/* Floating-point operations a second. */
double multiply_adds(void) {
    vector a[CHAINS], scale, start;
    memset(&scale, 0, sizeof scale);
    memset(&start, 0, sizeof start);
    memset(a, 0, sizeof a);
    double best = 0;
    for (int sample = 0; sample < 60; sample++) {
        const long passes = 40000;
        __asm__ volatile("" : "+v"(scale), "+v"(start));
        double begin = now();
        for (long p = 0; p < passes; p++) {
#pragma GCC unroll 12
            for (int c = 0; c < CHAINS; c++) a[c] = a[c] * scale + start;
        }
#pragma GCC unroll 12
        for (int c = 0; c < CHAINS; c++) __asm__ volatile("" : "+v"(a[c]));
        double rate = 2.0 * passes * CHAINS * (sizeof(vector) / sizeof(TYPE)) / (now() - begin);
        if (rate > best) best = rate;
    }
    return best;
}

/* Bytes read a second from `bytes` of memory, a multiple of 8 vectors. */
double reading(long bytes) {
    vector *data = aligned_alloc(1 << 21, (bytes + (1 << 21) - 1) & ~((1L << 21) - 1));
    memset(data, 0, bytes);
    long passes = 1 + (1L << 26) / bytes / 8;
    double best = 0;
    for (int sample = 0; sample < 40; sample++) {
        double begin = now();
        for (long p = 0; p < passes; p++) {
            typedef int64_t word __attribute__((vector_size(VECTOR_BYTES), aligned(64)));
            const word *at = (const word *)data, *end = at + bytes / sizeof(word);
            word r[8];
            memset(r, 0, sizeof r);
            for (; at < end; at += 8)
#pragma GCC unroll 8
                for (int s = 0; s < 8; s++) r[s] |= at[s];
#pragma GCC unroll 8
            for (int s = 0; s < 8; s++) __asm__ volatile("" : : "v"(r[s]) : "memory");
        }
        double rate = (double)bytes * passes / (now() - begin);
        if (rate > best) best = rate;
    }
    free(data);
    return best;
}
"""


def compiled(folder: Path, element: str, vector_bytes: int) -> ctypes.CDLL:
    """The reference for vectors of `element`, as a shared library."""
    source, library = folder / f"{element}.c", folder / f"{element}.so"
    source.write_text(REFERENCE)
    options = [f"-DTYPE={element}", f"-DVECTOR_BYTES={vector_bytes}", "-O3", "-march=native"]
    # gcc prefers 256 bits on some processors that have 512; FMA contraction is its default.
    command = ["gcc", *options, "-shared", "-fPIC", "-o", str(library), str(source)]
    subprocess.run(command, check=True)
    loaded = ctypes.CDLL(str(library))
    loaded.multiply_adds.restype = loaded.reading.restype = ctypes.c_double
    loaded.reading.argtypes = [ctypes.c_long]
    return loaded


def main() -> int:
    features = cpu_features()
    vector_bytes = features.vector_bits // 8
    caches = features.cache_bytes
    sizes = {"L1": caches[1] // 2, "L2": caches[2] // 2, "DRAM": 4 * max(caches.values())}
    if 3 in caches:
        sizes["L3"] = min(caches[3] // 4, 4 * caches[2])
    ours: dict[str, float] = {}
    theirs: dict[str, float] = {}

    def keep(best: dict[str, float], name: str, rate: float) -> None:
        best[name] = max(best.get(name, 0.0), rate)

    with tempfile.TemporaryDirectory() as folder:
        single = compiled(Path(folder), "float", vector_bytes)
        double = compiled(Path(folder), "double", vector_bytes)
        for _ in range(ROUNDS):
            peaks = measure_peaks()
            for name, (one, _) in (peaks.flop_per_s | peaks.read_bytes_per_s).items():
                keep(ours, name, one)
            keep(theirs, "float32", single.multiply_adds())
            keep(theirs, "float64", double.multiply_adds())
            for name, size in sizes.items():
                keep(theirs, name, single.reading(size))
    print(f"{features.model}, one thread, best of {ROUNDS} rounds")
    print(f"{'':10}{'ours':>10}{'C':>10}{'ratio':>8}")
    for name, rate in ours.items():
        unit = "GFLOP/s" if name.startswith("float") else "GB/s"
        reference = theirs[name]
        print(f"{name:10}{rate / 1e9:10.1f}{reference / 1e9:10.1f}{rate / reference:8.2f}  {unit}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
