"""How often a contest between a kernel and itself names a winner; it should be 1 in 20 at most.

    python benchmarks/a_a.py [--contests 50] [--kernels 2] [--turn-s 0.02]

The contests are those that end `tvmlab tune`: the same runner, the same turns, the same verdict,
with shorter turns. Prints the share of false winners with its 95 % interval (Wilson).
"""

from __future__ import annotations

import argparse
import math
from dataclasses import replace

from contest import our_schedule

from tvmlab import ops
from tvmlab.measure.in_turn import TURN, measure_in_turn


def wilson(hits: int, count: int, z: float = 1.96) -> tuple[float, float]:
    """The interval of a share from `hits` of `count`."""
    share = hits / count
    middle = share + z * z / (2 * count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    scale = 1 + z * z / count
    return max(0.0, (middle - half) / scale), (middle + half) / scale


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--contests", type=int, default=50)
    parser.add_argument("--kernels", type=int, default=2)
    parser.add_argument("--turn-s", type=float, default=0.02)
    given = parser.parse_args()
    turn = replace(TURN, warmup_s=0.005, min_repeat_s=0.001, limit_s=given.turn_s)
    state = our_schedule(ops.matmul(256, 256, 256)).state
    false = 0
    for _ in range(given.contests):
        outcomes, verdict = measure_in_turn([state] * given.kernels, "cpu", 0, turn)
        assert verdict is not None, outcomes[0].reason
        false += verdict.is_certain
    low, high = wilson(false, given.contests)
    print(
        f"{false} of {given.contests} contests of {given.kernels} equal kernels named a winner: "
        f"{100 * false / given.contests:.1f} %, between {100 * low:.1f} % and {100 * high:.1f} %"
    )


if __name__ == "__main__":
    main()
