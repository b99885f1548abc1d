"""Why a measured time is not to be believed, if it is not.

The limits are measured too, perhaps at a bad moment. So the first time a kernel beats them they are
measured again, and only what beats the better figures is doubted.
"""

from __future__ import annotations

from functools import cache

from tvmlab.analysis.work import Work
from tvmlab.measure.plausibility import is_plausible, least_time_s
from tvmlab.measure.timing import duration
from tvmlab.targets.cpu.limits import CpuPeaks, cpu_features, cpu_peaks


def know_limits(target: str) -> None:
    """Measure what `doubt` needs, if this machine has never done so: about a second, alone."""
    if target == "cpu":
        cpu_peaks()


def doubt(time_s: float, work: Work, dtype: str, target: str) -> str | None:
    """A sentence if no kernel that does `work` on `dtype` can take `time_s` on `target`, or None.

    Only the processor's limits are known: times on other targets are believed. A doubtful time
    takes about a second, in which nothing else should run.
    """
    if target != "cpu":
        return None
    limits = cpu_features(), cpu_peaks()
    if is_plausible(time_s, work.flops, work.size_bytes, *limits, dtype):
        return None
    limits = cpu_features(), _measured_again()
    if is_plausible(time_s, work.flops, work.size_bytes, *limits, dtype):
        return None
    least_s = least_time_s(work.flops, work.size_bytes, *limits, dtype)
    return (
        f"a call took {duration(time_s)}, and this machine was never seen to do that much in "
        f"less than {duration(least_s)}"
    )


@cache
def _measured_again() -> CpuPeaks:
    """The limits, measured once more in this process."""
    return cpu_peaks(refresh=True)
