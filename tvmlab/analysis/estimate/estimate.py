"""How long a program takes, told from the program: no compiler, no clock.

Cycles of a core as in Treibig & Hager's execution-cache-memory model ("Introducing a performance
model for bandwidth-limited loop kernels", PPAM 2009), traffic as in `traffic`. The few constants of
`cycles` are those of Zen 4 and today's other processors of its size (Fog, "Instruction tables").

How good it is: the constants were set on 960 candidates of eight spaces recorded earlier. On 120
candidates of each of the seven spaces of `tests/tune/recorded`, which they had not seen, one thread
of an AVX-512 machine (`benchmarks/estimate.py`), the rank correlation with the measured times, and
the share of them inside the interval, are: conv1d_tilings 0.92, 88 %; conv2d_tilings 0.95, 92 %;
depthwise_sketch 0.55, 42 % (told twice too slow); depthwise_tilings 0.91, 91 %; grouped_tilings
0.90, 87 %; layer_norm_sketch 0.94, 100 %; softmax_sketch 0.85, 90 %: 84 % of all. Of the ratios of
two of a space, 79 % lie inside what `ratio` gives. Of 169 states of random walks built with O3
(`benchmarks/estimate_walks.py`; what O3 does was modelled after some such), 89 % of the times and
96 % of the ratios of neighbouring states lie inside; ranks agree by 0.1 to 0.4 only, for most of
the states are slow, and nearly alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, log

from tvmlab.analysis.estimate.compiler import Compiler, compiled
from tvmlab.analysis.estimate.cycles import Counting
from tvmlab.analysis.estimate.machine import MachineFacts
from tvmlab.analysis.estimate.nest import nest_of, register_vectors
from tvmlab.analysis.estimate.traffic import Traffic, traffic
from tvmlab.ir.program import Program

CALL_S = 2e-7
"""To call a kernel at all."""

OVERLAP = 3.0
"""Calculating and waiting for memory go side by side: their times' third powers are added."""


@dataclass(frozen=True)
class Estimate:
    """How long a program takes, and what of.

    Attributes:
        time_s: seconds of a call, on all cores of the machine.
        low_s, high_s: between these lie nine in ten measurements; see the module's text.
        parts: seconds by what asks for them, were it alone: `arithmetic`, `loads`, `stores`,
            `issue`, `chain` (waiting for sums), `overhead` (of loops and threads).
        traffic: what each level of memory behind the first hands on.
        parallel_share: of the cycles of one core, inside parallel loops.
        is_between_models: whether `low_s` and `high_s` are two models' times, each of which may be
            compared with the same model's of another program.
    """

    time_s: float
    low_s: float
    high_s: float
    parts: Mapping[str, float]
    traffic: tuple[Traffic, ...]
    parallel_share: float
    is_between_models: bool = False


def estimate(lowered: Program, machine: MachineFacts, compiler: Compiler | None = None) -> Estimate:
    """How long a lowered program takes on a machine.

    Raises:
        UsageError: extents are over sizes.
    """
    nest = nest_of(lowered)
    held = register_vectors(lowered, machine.vector_bits // 8)
    written = compiled(nest, machine) if (compiler or Compiler()).finds_vectors else nest
    cycles = Counting(machine, held).of(written)
    moved = tuple(traffic(nest, machine))
    core_s = cycles.busy / machine.clock_hz
    times = [core_s, *(each.time_s for each in moved)]
    time_s = CALL_S + sum(t**OVERLAP for t in times) ** (1 / OVERLAP)
    serial = {
        "arithmetic": cycles.arithmetic,
        "loads": cycles.loads,
        "stores": cycles.stores,
        "issue": cycles.issue,
        "chain": cycles.chain,
        "overhead": cycles.overhead,
    }
    return Estimate(
        time_s,
        time_s / FACTOR,
        time_s * FACTOR,
        {name: count / machine.clock_hz for name, count in serial.items()},
        moved,
        min(1.0, cycles.parallel / max(cycles.busy, cycles.parallel, 1e-9)),
    )


FACTOR = 2.0
"""Of the interval, to either side."""

LEAST_SPREAD = 0.25
SPREAD_GROWTH = 2.0
MOST_SPREAD = 0.75
"""Of the logarithm of a ratio: more with the logarithm itself, up to a most."""


@dataclass(frozen=True)
class Ratio:
    """How many times as long one program takes as another, and between what."""

    value: float
    low: float
    high: float


def ratio(after: Estimate, before: Estimate) -> Ratio:
    """How many times as long as `before` it takes. Programs that are much alike err together, so
    that the interval is narrower than those of the two.

    Where two models tell the times, the interval is from what one of them says to what the other
    does, widened as much as an estimate of neighbouring programs may err."""
    found = log(after.time_s / before.time_s)
    if after.is_between_models and before.is_between_models:
        either = (log(after.low_s / before.low_s), log(after.high_s / before.high_s))
        low, high = min(*either) - LEAST_SPREAD, max(*either) + LEAST_SPREAD
        return Ratio(exp(found), exp(low), exp(high))
    spread = min(MOST_SPREAD, LEAST_SPREAD + SPREAD_GROWTH * abs(found))
    return Ratio(exp(found), exp(found - spread), exp(found + spread))
