"""`@recipe`: a function from schedule to schedule whose steps stand in the trace under its name."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from tvmlab.errors import UsageError
from tvmlab.schedule.handle import Schedule


def recipe(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a recipe of a function that takes a schedule first and appends steps to it.

        @t.recipe
        def two_levels(s, block, tile=32):
            yo, xo, yi, xi = s[block].tile("y", "x", tile, tile)
            s[block].vectorize(xi)

        two_levels(s, "C", tile=16)

    The steps it appends become one: `s.undo()` takes all of them back, the trace shows one line,
    and where one of them is refused none is taken. The call returns what the function returns, or
    the schedule where that is None. Other steps may see other arguments: the recipe in the trace
    holds what was made this time, not the function.

    Raises:
        UsageError: on a call whose first argument is not a schedule, or that undoes earlier steps.
    """

    @wraps(function)
    def call(schedule: Schedule, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(schedule, Schedule):
            raise UsageError(
                f"the recipe {function.__name__} was called on {type(schedule).__name__}; its "
                "first argument is a schedule."
            )
        with schedule.record(function.__name__):
            made = function(schedule, *args, **kwargs)
        return schedule if made is None else made

    return call
