from __future__ import annotations

import pytest

from tvmlab.measure.plausibility import TOLERANCE, is_plausible, least_time_s
from tvmlab.targets.cpu.limits import CpuFeatures, CpuPeaks

FEATURES = CpuFeatures(
    model="made up",
    llvm_cpu="generic",
    instruction_sets=(),
    vector_bits=256,
    vector_registers=16,
    has_fma=True,
    cores=2,
    cache_bytes={1: 32_000, 2: 500_000, 3: 8_000_000},
)
PEAKS = CpuPeaks(
    threads=2,
    flop_per_s={"float32": (100e9, 150e9), "float64": (50e9, 75e9)},
    read_bytes_per_s={
        "L1": (200e9, 400e9),
        "L2": (100e9, 200e9),
        "L3": (50e9, 100e9),
        "DRAM": (20e9, 30e9),
    },
)


def test_arithmetic_bounds_a_product_of_matrices() -> None:
    flops = 2 * 1024**3
    assert least_time_s(flops, 12 << 20, FEATURES, PEAKS) == pytest.approx(flops / 200e9)
    assert least_time_s(flops, 0, FEATURES, PEAKS, "float64") == pytest.approx(flops / 100e9)
    assert least_time_s(flops, 0, FEATURES, PEAKS, "int8") == pytest.approx(flops / 800e9)


def test_memory_bounds_a_stream() -> None:
    near = 64_000 + 1_000_000 + 8_000_000
    assert least_time_s(1, 1e9 + near, FEATURES, PEAKS) == pytest.approx(1e9 / 40e9)


def test_what_fits_a_cache_moves_at_its_speed() -> None:
    assert least_time_s(1, 10_000, FEATURES, PEAKS) == pytest.approx(10_000 / 400e9)
    assert least_time_s(1, 800_000, FEATURES, PEAKS) == pytest.approx(736_000 / 200e9)


def test_times_far_under_the_limit_are_implausible() -> None:
    least_s = least_time_s(1e9, 1e6, FEATURES, PEAKS)
    assert is_plausible(least_s, 1e9, 1e6, FEATURES, PEAKS)
    assert is_plausible(least_s / TOLERANCE * 1.01, 1e9, 1e6, FEATURES, PEAKS)
    assert not is_plausible(least_s / TOLERANCE * 0.99, 1e9, 1e6, FEATURES, PEAKS)
    assert not is_plausible(0.0, 1e9, 1e6, FEATURES, PEAKS)


def test_without_counts_any_real_time_is_plausible() -> None:
    assert is_plausible(1e-9, 0, 0, FEATURES, PEAKS)
    assert not is_plausible(0.0, 0, 0, FEATURES, PEAKS)
