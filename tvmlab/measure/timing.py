"""How a kernel is timed: warm-up, repeats long enough for the clock, median, spread, interval.

The interval around the median is the distribution-free one from order statistics: the number of
samples below the true median is binomial(n, 1/2), so the l-th smallest and the l-th largest sample
enclose it with a known probability (H. A. David, H. N. Nagaraja, *Order Statistics*, 3rd edition,
section 7.1). It asks nothing of the noise but that repeats are independent; six repeats are the
fewest that can reach 95 %.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from statistics import median, quantiles

from tvmlab.errors import MeasureError

CONFIDENCE = 0.95
"""Probability with which a settled interval encloses the true median."""

HOPELESS = 2.0
"""Times the best: a candidate this slow is not there by bad luck."""


@dataclass(frozen=True)
class Protocol:
    """How long and how often to run; plain numbers, so that it crosses any border.

    Attributes:
        warmup_s: seconds of calls whose time does not count; at least one call is made.
        min_repeat_s: a repeat makes as many calls as this takes, so that the clock is exact.
        min_repeats: repeats made in any case, unless `patience_s` runs out.
        max_repeats: repeats never exceeded.
        limit_s: seconds after which no further repeat begins, the fewest being made.
        patience_s: seconds after which no further repeat begins at all. A single call that takes
            longer is timed by its warm-up call alone.
        interval_share: stop as soon as the interval of the median is narrower than this share of
            it; None runs until a limit.
        hopeless_s: a call that never took less than this, not even warm, is timed once and no more:
            its place in a ranking is known well enough; None times all alike.
    """

    warmup_s: float = 0.010
    min_repeat_s: float = 0.001
    min_repeats: int = 3
    max_repeats: int = 100_000
    limit_s: float = 0.100
    patience_s: float = 1.0
    interval_share: float | None = None
    hopeless_s: float | None = None

    def __post_init__(self) -> None:
        if self.min_repeats < 1 or self.max_repeats < self.min_repeats:
            raise MeasureError(
                f"a protocol of {self.min_repeats} to {self.max_repeats} repeats measures "
                "nothing; ask for at least 1, and no more at least than at most."
            )
        durations = (self.warmup_s, self.min_repeat_s, self.limit_s, self.patience_s)
        if min(*durations, self.hopeless_s or 0.0) < 0:
            raise MeasureError("a protocol has a negative duration; give seconds from 0 up.")

    def against(self, best_s: float | None) -> Protocol:
        """This protocol where a call of the best candidate takes `best_s`: what is certainly far
        from it costs little time."""
        return self if best_s is None else replace(self, hopeless_s=HOPELESS * best_s)


QUICK = Protocol()
"""10 ms of warm-up and at most 100 ms: for ranking and for a first look."""

CERTIFIED = Protocol(
    warmup_s=0.1,
    min_repeat_s=0.002,
    min_repeats=10,
    limit_s=10.0,
    patience_s=30.0,
    interval_share=0.01,
)
"""Until the interval is under 1 % of the median, or 10 s: for verdicts."""


@dataclass(frozen=True)
class Timing:
    """What a kernel's calls took.

    Attributes:
        times_s: seconds of one call, one figure for each repeat, in the order measured.
        calls_per_repeat: calls that each figure is the mean of.
        interval_s: seconds below and above the median that enclose the true one.
        confidence: the probability that they do; below `CONFIDENCE` if repeats are too few.
        settled: whether the interval became as narrow as the protocol asks: where False, two
            kernels this close cannot be told apart.
        prepared: constants of which something was made before, which is in no time.
    """

    times_s: tuple[float, ...]
    calls_per_repeat: int
    interval_s: tuple[float, float]
    confidence: float
    settled: bool
    prepared: tuple[str, ...] = ()

    @property
    def median_s(self) -> float:
        """Median over the repeats."""
        return median(self.times_s)

    @property
    def min_s(self) -> float:
        """The shortest repeat."""
        return min(self.times_s)

    @property
    def spread(self) -> float:
        """(90th - 10th percentile) / median of the repeats; 0 for a single one."""
        return spread(self.times_s)

    def __str__(self) -> str:
        """E.g. `1.84 ms (±0.4 %, 54 repeats)`, and what was done before."""
        low, high = self.interval_s
        share = (high - low) / 2 / self.median_s * 100 if self.median_s else 0.0
        doubt = "" if self.confidence >= CONFIDENCE else ", too few to be sure"
        repeats = f"{len(self.times_s)} repeat{'s' * (len(self.times_s) > 1)}"
        before = f", {' and '.join(self.prepared)} prepared before" if self.prepared else ""
        return f"{duration(self.median_s)} (±{share:.1f} %, {repeats}{doubt}{before})"


def time_callable(
    call: Callable[[], object],
    protocol: Protocol = QUICK,
    clock: Callable[[], float] = time.perf_counter,
) -> Timing:
    """Time `call` as `protocol` says.

    A call that has a method `repeat(count)`, as kernels bound to their arrays have, makes the
    calls of a repeat itself, so that Python's share of a call does not count. One that has a method
    `device_seconds(count)` runs on a device that keeps the time itself: what that says counts,
    unless it is None.

    Raises:
        MeasureError: the clock did not advance, so nothing was measured.
    """
    repeat = getattr(call, "repeat", None) or _python_loop(call)
    seconds = _seconds_by(call, repeat, clock)
    call_s = _warm_up(repeat, protocol, clock)
    if call_s > protocol.patience_s:
        return _timing([call_s], 1, protocol)
    calls = max(1, math.ceil(protocol.min_repeat_s / call_s)) if call_s > 0 else 1
    times_s: list[float] = []
    look_at = protocol.min_repeats
    begin = clock()
    while True:
        times_s.append(seconds(calls) / calls)
        elapsed, made = clock() - begin, len(times_s)
        if elapsed >= protocol.patience_s or made >= protocol.max_repeats:
            break
        if protocol.hopeless_s is not None and min(call_s, *times_s) > protocol.hopeless_s:
            break
        if made < protocol.min_repeats:
            continue
        if elapsed >= protocol.limit_s:
            break
        if protocol.interval_share is not None and made >= look_at:
            if is_settled(times_s, protocol):
                break
            look_at = made + max(1, made // 8)  # a look sorts: not after every repeat
    if not any(times_s):
        raise MeasureError(
            f"the clock stood still over {made} repeats of {calls} calls; "
            "use a finer clock or a longer min_repeat_s."
        )
    return _timing(times_s, calls, protocol)


def median_interval(
    times_s: list[float] | tuple[float, ...], wanted: float = CONFIDENCE
) -> tuple[float, float, float]:
    """Low end, high end and confidence of the interval around the median of `times_s`.

    The narrowest symmetric pair of order statistics that reaches the confidence `wanted`; the
    extremes, with the confidence they have, where there are too few samples.
    """
    ordered = sorted(times_s)
    rank, confidence = _interval_rank(len(ordered), wanted)
    return ordered[rank], ordered[-1 - rank], confidence


def spread(times_s: list[float] | tuple[float, ...]) -> float:
    """(90th - 10th percentile) / median; 0 for a single time."""
    if len(times_s) < 2:
        return 0.0
    deciles = quantiles(times_s, n=10, method="inclusive")
    return (deciles[-1] - deciles[0]) / median(times_s)


def duration(time_s: float) -> str:
    """`time_s` in the unit that suits it, three digits."""
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("us", 1e6)):
        if time_s * factor >= 1:
            return f"{time_s * factor:.3g} {unit}"
    return f"{time_s * 1e9:.3g} ns"


def _warm_up(
    repeat: Callable[[int], object], protocol: Protocol, clock: Callable[[], float]
) -> float:
    """Seconds of a warm call: the last batch's, batches doubling until the warm-up is over."""
    begin = before = clock()
    calls = 1
    while True:
        repeat(calls)
        now = clock()
        call_s = (now - before) / calls
        if now - begin >= protocol.warmup_s and now > before:
            return call_s
        if calls >= 1 << 40:
            return 0.0  # the clock stands still: `time_callable` will say so
        calls *= 2
        before = clock()


def _seconds_by(
    call: object, repeat: Callable[[int], object], clock: Callable[[], float]
) -> Callable[[int], float]:
    """What makes so many calls and says how long they took: by the device's clock, if it has one,
    else by `clock`."""
    by_device: Callable[[int], float | None] | None = getattr(call, "device_seconds", None)

    def seconds(calls: int) -> float:
        told = by_device(calls) if by_device is not None else None
        if told is not None:
            return told
        before = clock()
        repeat(calls)
        return clock() - before

    return seconds


def _python_loop(call: Callable[[], object]) -> Callable[[int], None]:
    def repeat(count: int) -> None:
        for _ in range(count):
            call()

    return repeat


def is_settled(times_s: list[float] | tuple[float, ...], protocol: Protocol) -> bool:
    """Whether the interval around the median of `times_s` is as narrow as `protocol` asks."""
    if protocol.interval_share is None:
        return True
    low, high, confidence = median_interval(times_s)
    return confidence >= CONFIDENCE and high - low <= protocol.interval_share * median(times_s)


def _timing(times_s: list[float], calls: int, protocol: Protocol) -> Timing:
    low, high, confidence = median_interval(times_s)
    return Timing(tuple(times_s), calls, (low, high), confidence, is_settled(times_s, protocol))


@cache
def _interval_rank(samples: int, wanted: float) -> tuple[int, float]:
    """How many samples to leave out at each end, and the confidence that is left.

    The interval from the (rank + 1)-th smallest to the (rank + 1)-th largest misses the median
    with probability 2 * P(binomial(n, 1/2) <= rank).
    """
    log_half = -samples * math.log(2)
    tail, rank = math.exp(log_half), 0  # P(binomial <= 0)
    kept = 1 - 2 * tail
    while True:
        log_choose = (
            math.lgamma(samples + 1) - math.lgamma(rank + 2) - math.lgamma(samples - rank)
            if rank + 1 <= samples
            else -math.inf
        )
        tail += math.exp(log_choose + log_half)
        if 1 - 2 * tail < wanted:
            return rank, max(0.0, kept)
        rank, kept = rank + 1, 1 - 2 * tail
