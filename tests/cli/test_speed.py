from __future__ import annotations

import pytest

from tvmlab import ops
from tvmlab.cli import speed
from tvmlab.cli.asked import asked_for
from tvmlab.cli.speed import Speed
from tvmlab.schedule import State
from tvmlab.targets.cpu.limits import CpuPeaks

PEAKS = CpuPeaks(
    threads=2,
    flop_per_s={"float32": (100e9, 200e9)},
    read_bytes_per_s={"L1": (400e9, 800e9), "DRAM": (20e9, 40e9)},
)


@pytest.fixture(autouse=True)
def known_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "cpu_peaks", lambda: PEAKS)


def test_arithmetic_is_compared_with_the_peak() -> None:
    product = Speed(State.start(ops.matmul(1000, 1000, 1000).tensors))
    assert product.rate(0.02) == "100 GFLOP/s"
    words = "100 GFLOP/s, 50 % of this machine's measured peak of 200 GFLOP/s"
    assert product.share(0.02) == words


def test_traffic_is_compared_with_the_memory() -> None:
    chain = Speed(State.start(ops.multiply_add_relu(1 << 26).tensors))
    words = chain.share(0.05)
    assert words.startswith("4.03 GFLOP/s, 21.5 GB/s of inputs and outputs, 5")
    assert words.endswith("% of what this machine's memory was measured to do")


@pytest.mark.parametrize("name", ops.NAMED)
def test_workloads_of_the_literature_need_no_shape(name: str) -> None:
    assert str(asked_for(name, None)) == str(ops.named(name))
