"""What is legal but slow: one rule a file, from a program to the cautions it deserves."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tvmlab.ir.program import Program
from tvmlab.schedule.caution import Caution
from tvmlab.schedule.cautions.false_sharing import false_sharing
from tvmlab.schedule.cautions.idle_lanes import idle_lanes
from tvmlab.schedule.cautions.long_compile import long_compile
from tvmlab.schedule.cautions.recomputation import recomputation
from tvmlab.schedule.cautions.registers import registers
from tvmlab.schedule.cautions.scattered_lanes import scattered_lanes
from tvmlab.schedule.cautions.small_shares import small_shares

Rule = Callable[[Program], Iterator[Caution]]

RULES: tuple[Rule, ...] = (
    idle_lanes,
    scattered_lanes,
    small_shares,
    false_sharing,
    registers,
    recomputation,
    long_compile,
)
