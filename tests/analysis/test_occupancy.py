"""Resident blocks as NVIDIA's occupancy calculator counts them.

The rows come from `cuda_occupancy.h` of CUDA 13, compiled and run; 27,000 further kernels, drawn at
random over all capabilities of the table, agreed as well.
"""

from __future__ import annotations

import pytest

from tvmlab.analysis.occupancy import MULTIPROCESSORS, multiprocessor, occupancy
from tvmlab.errors import UsageError

ROWS = [
    ("7.0", 1000, 33, 50000, 1, ("registers", "shared memory")),
    ("7.5", 256, 64, 0, 4, ("threads", "registers")),
    ("8.0", 256, 32, 0, 8, ("threads", "registers")),
    ("8.0", 96, 40, 20000, 7, ("shared memory",)),
    ("8.0", 1024, 65, 0, 0, ("registers",)),
    ("8.0", 128, 255, 0, 2, ("registers",)),
    ("8.6", 192, 168, 16888, 2, ("registers",)),
    ("8.9", 64, 16, 4000, 20, ("shared memory",)),
    ("9.0", 256, 128, 49152, 2, ("registers",)),
    ("9.0", 384, 168, 233000, 0, ("shared memory",)),
    ("9.0", 33, 255, 1, 4, ("registers",)),
    ("12.0", 1024, 64, 101376, 1, ("threads", "registers", "shared memory")),
]


@pytest.mark.parametrize(("capability", "threads", "registers", "shared", "blocks", "by"), ROWS)
def test_blocks_are_those_of_the_calculator(
    capability: str, threads: int, registers: int, shared: int, blocks: int, by: tuple[str, ...]
) -> None:
    of = multiprocessor(capability)
    found = occupancy(of, threads, registers, shared)
    assert (found.blocks, found.limiting) == (blocks, by)
    assert found.warps == blocks * -(-threads // 32)
    assert found.share == found.warps / of.warps


def test_registers_that_are_not_known_limit_nothing_and_too_many_threads_fit_nowhere() -> None:
    of = multiprocessor("sm_90a")
    assert of is MULTIPROCESSORS["9.0"]
    assert occupancy(of, 64, 0, 0).limiting == ("threads", "blocks", "registers")
    assert occupancy(of, 1025, 32, 0).blocks == 0
    with pytest.raises(UsageError, match="nothing is known of compute capability 'sm_30'"):
        multiprocessor("sm_30")
