"""Our measured limits of this processor beside a reference in C, one thread, in interleaved rounds.

    .venv/bin/python benchmarks/peak.py

The reference is compiled by `gcc -O3 -march=native` and timed inside the same rounds. The two agree
within 3 % where the machine is quiet, if three things are alike: memory in large pages (DRAM is a
fifth faster), a pass before the timed ones (the third level a twentieth), as much data in all.
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
#include <sys/mman.h>
#include <time.h>
#if defined(__AVX512VNNI__) || defined(__AVX512BF16__)
#include <immintrin.h>
#endif

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

/* Operations a second on narrow factors; 0 where this compiler or processor has no such dot. */
#define DOTS(NAME, RESULT, FACTOR, DOT, GROUP)                                                     \
    double NAME(void) {                                                                            \
        RESULT a[CHAINS];                                                                          \
        FACTOR left, right;                                                                        \
        memset(a, 0, sizeof a);                                                                    \
        memset(&left, 0, sizeof left);                                                             \
        memset(&right, 0, sizeof right);                                                           \
        double best = 0;                                                                           \
        for (int sample = 0; sample < 60; sample++) {                                              \
            const long passes = 40000;                                                             \
            __asm__ volatile("" : "+v"(left), "+v"(right));                                        \
            double begin = now();                                                                  \
            for (long p = 0; p < passes; p++) {                                                    \
                _Pragma("GCC unroll 12") for (int c = 0; c < CHAINS; c++)                          \
                    a[c] = DOT(a[c], left, right);                                                 \
            }                                                                                      \
            _Pragma("GCC unroll 12") for (int c = 0; c < CHAINS; c++)                              \
                __asm__ volatile("" : "+v"(a[c]));                                                 \
            double rate = 2.0 * GROUP * 16 * passes * CHAINS / (now() - begin);                    \
            if (rate > best) best = rate;                                                          \
        }                                                                                          \
        return best;                                                                               \
    }
#if defined(__AVX512VNNI__) && VECTOR_BYTES == 64
DOTS(dots_uint8, __m512i, __m512i, _mm512_dpbusd_epi32, 4)
#else
double dots_uint8(void) { return 0; }
#endif
#if defined(__AVX512BF16__) && VECTOR_BYTES == 64
DOTS(dots_bfloat16, __m512, __m512bh, _mm512_dpbf16_ps, 2)
#else
double dots_bfloat16(void) { return 0; }
#endif

typedef int64_t word __attribute__((vector_size(VECTOR_BYTES), aligned(64)));

/* Goes over `count` words, a multiple of 8, in order, `passes` times. */
__attribute__((noinline)) static word read_all(const word *data, long count, long passes) {
    word a = {0}, b = {0}, c = {0}, d = {0}, e = {0}, f = {0}, g = {0}, h = {0};
    for (long p = 0; p < passes; p++) {
        const word *at = data, *end = data + count;
        __asm__ volatile("" : : : "memory"); /* no pass can be left out */
        for (; at < end; at += 8) {
            a |= at[0]; b |= at[1]; c |= at[2]; d |= at[3];
            e |= at[4]; f |= at[5]; g |= at[6]; h |= at[7];
        }
    }
    return a | b | c | d | e | f | g | h;
}

/* Bytes read a second from `bytes` of memory, a multiple of 8 vectors, in large pages like ours. */
double reading(long bytes) {
    long whole = (bytes + (1 << 21) - 1) & ~((1L << 21) - 1);
    word *data = aligned_alloc(1 << 21, whole);
#ifdef MADV_HUGEPAGE
    if (whole >= 1 << 22) madvise(data, whole, MADV_HUGEPAGE); /* as NumPy does */
#endif
    memset(data, 0, bytes);
    long passes = 1 + (1L << 27) / bytes; /* a millisecond and more, as ours */
    double best = 0;
    for (int sample = 0; sample < 20; sample++) {
        double begin = now();
        word seen = read_all(data, bytes / sizeof(word), passes);
        __asm__ volatile("" : : "v"(seen));
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
    for name in ("multiply_adds", "dots_uint8", "dots_bfloat16", "reading"):
        getattr(loaded, name).restype = ctypes.c_double
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
            keep(theirs, "uint8", single.dots_uint8())
            keep(theirs, "bfloat16", single.dots_bfloat16())
            for name, size in sizes.items():
                keep(theirs, name, single.reading(size))
    print(f"{features.model}, one thread, best of {ROUNDS} rounds")
    print(f"{'':10}{'ours':>10}{'C':>10}{'ratio':>8}")
    for name, rate in ours.items():
        unit = "GB/s" if name in sizes else "GFLOP/s"
        if not (reference := theirs[name]):
            print(f"{name:10}{rate / 1e9:10.1f}{'none':>10}{'':8}  {unit}")
            continue
        print(f"{name:10}{rate / 1e9:10.1f}{reference / 1e9:10.1f}{rate / reference:8.2f}  {unit}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
