"""What a step made slow: what its program deserves cautions for and the one before does not.

So a split that undoes a good choice is told as well as a bad choice.
"""

from __future__ import annotations

from functools import lru_cache

from tvmlab.ir.program import Program
from tvmlab.schedule.caution import Caution
from tvmlab.schedule.cautions import RULES

WORSE = 1.25
"""A caution is said again where its weight has grown by this factor."""


@lru_cache(maxsize=64)
def cautions(program: Program) -> tuple[Caution, ...]:
    """All that is slow in `program`, in the order of the rules.

    The last answers are kept: each state's are asked for again as those before its next step.
    """
    return tuple(caution for rule in RULES for caution in rule(program))


def new_cautions(before: Program, after: Program) -> tuple[Caution, ...]:
    """What is slow in `after` and was not, or much less so, in `before`."""
    known = {(c.rule, c.block, c.loop): c.weight for c in cautions(before)}
    return tuple(
        c for c in cautions(after) if c.weight > known.get((c.rule, c.block, c.loop), 0.0) * WORSE
    )
