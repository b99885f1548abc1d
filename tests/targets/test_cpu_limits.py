from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.patience import eventually
from tvmlab.targets.cpu.build import assembly, host
from tvmlab.targets.cpu.limits import CpuPeaks, cpu_features, cpu_peaks, measure_peaks
from tvmlab.targets.cpu.limits import peaks as peaks_module
from tvmlab.targets.cpu.limits.peak_text import (
    READ_STEP_VECTORS,
    dots,
    multiply_adds,
    offered_dots,
    reading,
)


@pytest.fixture(autouse=True)
def forgotten() -> None:
    """No figures remembered from another test's directory."""
    peaks_module._remembered.cache_clear()


def test_features_are_possible() -> None:
    features = cpu_features()
    assert features.model
    assert features.vector_bits in (128, 256, 512)
    assert features.vector_registers in (16, 32)
    assert features.lanes(32) == features.vector_bits // 32
    assert features.cores >= 1
    assert list(features.cache_bytes.values()) == sorted(features.cache_bytes.values())
    assert 8 << 10 <= features.cache_bytes[1] <= 1 << 20


@pytest.mark.skipif(not Path("/proc/cpuinfo").exists(), reason="/proc/cpuinfo is Linux's")
def test_features_agree_with_the_system() -> None:
    flags = Path("/proc/cpuinfo").read_text().split()
    sets = cpu_features().instruction_sets
    for flag, name in (("avx2", "AVX2"), ("avx512_vnni", "AVX-512VNNI"), ("asimd", "NEON")):
        assert (flag in flags) == (name in sets)


@pytest.mark.skipif(not host().has("fma"), reason="this processor has no FMA of x86")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_peak_loop_is_nothing_but_multiply_adds(dtype: str) -> None:
    text, flop = multiply_adds(cpu_features(), dtype)
    lines = assembly(text, "explore").splitlines()
    count = sum("\tvfmadd" in line for line in lines)
    lanes = cpu_features().lanes(32 if dtype == "float32" else 64)
    assert 2 * lanes * count == flop
    first, last = (f([i for i, line in enumerate(lines) if "\tvfmadd" in line]) for f in (min, max))
    others = [line for line in lines[first : last + 1] if "\tvfmadd" not in line]
    assert not re.search(r"mm|rsp", " ".join(others)), "no copies, no spills"


@pytest.mark.skipif(not offered_dots(cpu_features()), reason="no instruction for narrow products")
@pytest.mark.parametrize("dtype", offered_dots(cpu_features()))
def test_the_loop_of_narrow_products_is_nothing_else(dtype: str) -> None:
    text, flop = dots(cpu_features(), dtype)
    lines = assembly(text, "explore").splitlines()
    found = [i for i, line in enumerate(lines) if "\tvpdpbusd" in line or "\tvdpbf16ps" in line]
    terms = cpu_features().lanes(8 if dtype == "uint8" else 16)
    assert 2 * terms * len(found) == flop
    others = [lines[i] for i in range(found[0], found[-1]) if i not in found]
    assert not re.search(r"mm|rsp", " ".join(others)), "no copies, no spills"


@pytest.mark.skipif(not host().is_x86, reason="x86 assembly")
def test_the_reading_loop_reads_in_order() -> None:
    text = assembly(reading(cpu_features()), "explore")
    loop = text[text.index("vpxor") if "vpxor" in text else 0 :]
    offsets = [int(o or 0) for o in re.findall(r"\tv?p?or\w*\s+(-?\d*)\(%r\w+,%r\w+\)", loop)]
    assert len(offsets) == READ_STEP_VECTORS
    assert offsets == sorted(offsets)


@pytest.mark.serial
def test_peaks_are_measured_once_and_possible() -> None:
    peaks = cpu_peaks()
    assert cpu_peaks() is peaks
    assert set(peaks.flop_per_s) == {"float32", "float64", *offered_dots(cpu_features())}
    assert {"L1", "DRAM"} <= set(peaks.read_bytes_per_s)
    assert 1e9 < peaks.peak_flop_per_s(threads=1) < 1e12
    assert peaks.peak_flop_per_s("float16", 1) == peaks.peak_flop_per_s("float32", 1)
    # What others on the machine spoilt is mended by looking again: the better figures are kept.
    eventually(lambda: is_in_order(cpu_peaks()) or is_in_order(cpu_peaks(refresh=True)))


def is_in_order(peaks: CpuPeaks) -> bool:
    """Whether narrower numbers are computed faster, and nearer memory is read faster."""
    float32 = peaks.peak_flop_per_s("float32", 1)
    return (
        all(peaks.peak_flop_per_s(dot, 1) > float32 for dot in offered_dots(cpu_features()))
        and peaks.peak_flop_per_s("float64", 1) < 0.75 * float32
        and peaks.peak_bytes_per_s("DRAM", 1) < peaks.peak_bytes_per_s("L1", 1)
    )


PEAKS = CpuPeaks(3, {"float32": (10.0, 28.0)}, {"L1": (5.0, 15.0), "DRAM": (2.0, 3.0)})


def test_between_one_thread_and_all() -> None:
    assert [PEAKS.peak_flop_per_s(threads=n) for n in (1, 2, 3, 9, None)] == [10, 19, 28, 28, 28]
    assert PEAKS.peak_bytes_per_s(threads=2) == 2.5


def test_the_better_figures_are_kept() -> None:
    other = CpuPeaks(3, {"float32": (11.0, 27.0)}, {"L1": (4.0, 16.0), "DRAM": (2.0, 3.0)})
    best = PEAKS.best_of(other)
    assert best.flop_per_s == {"float32": (11.0, 28.0)}
    assert best.read_bytes_per_s["L1"] == (5.0, 16.0)


def test_figures_of_a_version_that_measured_less_are_taken_and_completed(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peaks_module, "measure_peaks", lambda: PEAKS)
    cpu_peaks()
    [entry] = (own_cache / "limits").iterdir()
    stored = json.loads(entry.read_text())
    del stored["scalar_flop_per_s"]
    entry.write_text(json.dumps(stored))
    peaks_module._remembered.cache_clear()
    assert cpu_peaks() == PEAKS
    more = replace(PEAKS, scalar_flop_per_s={"float32": (1.0, 3.0)})
    monkeypatch.setattr(peaks_module, "measure_peaks", lambda: more)
    assert cpu_peaks(refresh=True) == more
    assert more.best_of(PEAKS) == more


def test_figures_are_remembered_on_disk(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measured = [PEAKS]
    monkeypatch.setattr(peaks_module, "measure_peaks", lambda: measured.pop())
    assert cpu_peaks() == PEAKS
    peaks_module._remembered.cache_clear()
    assert cpu_peaks() == PEAKS, "read, not measured: there is nothing left to pop"


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"threads": 2}', '{"threads": "x"', "\x00"])
def test_damaged_figures_are_measured_anew(
    content: str, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peaks_module, "measure_peaks", lambda: PEAKS)
    cpu_peaks()
    [entry] = (own_cache / "limits").iterdir()
    entry.write_text(content)
    peaks_module._remembered.cache_clear()
    assert cpu_peaks() == PEAKS
    assert json.loads(entry.read_text())["threads"] == 3


def test_refreshing_keeps_the_better_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    worse = CpuPeaks(3, {"float32": (9.0, 29.0)}, PEAKS.read_bytes_per_s)
    measured = [worse, PEAKS]
    monkeypatch.setattr(peaks_module, "measure_peaks", lambda: measured.pop())
    assert cpu_peaks() == PEAKS
    assert cpu_peaks(refresh=True).flop_per_s == {"float32": (10.0, 29.0)}
    assert cpu_peaks().flop_per_s == {"float32": (10.0, 29.0)}


@pytest.mark.serial
def test_the_budget_is_kept_to() -> None:
    begin = time.process_time()
    found = measure_peaks(budget_s=0.0)
    assert time.process_time() - begin < 30, "of processors; far from it unless it is ignored"
    assert found.scalar_flop_per_s["float64"][0] > 0
    assert found.flop_per_s["float32"][0] > 0
