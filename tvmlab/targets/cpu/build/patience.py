"""How long a compilation may take: what is likely to take longer than a moment can be ended."""

from __future__ import annotations

import math
import os
from itertools import groupby

from tvmlab.analysis.compile_time import compile_time_s
from tvmlab.errors import TargetError
from tvmlab.targets.cpu.build.apart import OutOfTime, can_compile_apart, generate_apart
from tvmlab.targets.cpu.build.generate import generate
from tvmlab.targets.cpu.build.presets import loops_left

MOMENT_S = 0.4
"""What is estimated to take less is compiled in this process: an interrupt waits that long at most,
and starting another takes a third of it."""

DEFAULT_LIMIT_S = 60.0

_VARIABLE = "TVMLAB_COMPILE_LIMIT"
_PHI = " = phi "


class _Patience:
    """What `set_compile_limit` was given; None: the default."""

    asked_s: float | None = None


def set_compile_limit(seconds: float | None) -> float:
    """Stop compilations for the CPU that take longer than `seconds`; None takes the default again.

    Returns the limit in effect, in seconds. The default is `$TVMLAB_COMPILE_LIMIT`, else 60 s.

    Raises:
        TargetError: not a positive number.
    """
    if seconds is not None:
        seconds = _checked(seconds, f"set_compile_limit({seconds!r})")
    _Patience.asked_s = seconds
    return compile_limit_s()


def compile_limit_s() -> float:
    """Seconds after which a compilation is stopped.

    Raises:
        TargetError: the environment variable is not a positive number.
    """
    if _Patience.asked_s is not None:
        return _Patience.asked_s
    given = os.environ.get(_VARIABLE)
    return _checked(given, f"{_VARIABLE}={given}") if given else DEFAULT_LIMIT_S


def generate_patiently(text: str, preset: str, form: str) -> bytes:
    """As `generate`; where that is likely to take long, in a process that can be ended.

    Raises:
        TargetError: as `generate`, or the limit was reached.
    """
    if expected_time_s(text, preset) < MOMENT_S or not can_compile_apart():
        return generate(text, preset, form)
    limit_s = compile_limit_s()
    try:
        return generate_apart(text, preset, form, limit_s)
    except OutOfTime:
        raise TargetError(
            f"Compiling for target cpu was stopped after {limit_s:g} s, at about "
            f"{text.count(chr(10)):,} instructions; "
            "unroll or vectorize less (split a loop and unroll its inner part only), or allow "
            "more time with tvmlab.set_compile_limit(seconds)."
        ) from None


def expected_time_s(text: str, preset: str) -> float:
    """Seconds that compiling LLVM IR `text` is likely to take."""
    lines = text.count("\n")
    loops = loops_left(text) if preset == "full" else 0
    most = compile_time_s(lines, text.count(_PHI), loops)
    if most < MOMENT_S:
        return most
    runs = groupby(_PHI in line for line in text.splitlines())
    held = max((len(list(run)) for is_phi, run in runs if is_phi), default=0)
    return compile_time_s(lines, held, loops)


def _checked(seconds: object, asked: str) -> float:
    try:
        number = float(str(seconds))
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise TargetError(f"{asked} is no limit for compiling; give a number of seconds above 0.")
    return number
