"""Copies asked for in a memory of their own, as other systems take them: what to write here."""

from __future__ import annotations

from typing import Any

from tvmlab.errors import Refusal, ScheduleError
from tvmlab.ir.program import SCOPES
from tvmlab.schedule.step import Step

WORDS = ("scope", "storage_scope", "storage")
"""What other systems call the memory of a copy."""


def without_scope(
    kind: type[Step], block: str, args: tuple[Any, ...], kwargs: dict[str, Any], copied: str
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of a copying step but for a memory; `global` is where copies begin.

    A memory of threads is refused, as the copy is not yet in the loops whose iterations own it.

    Args:
        copied: the block and the buffer that the step will make.

    Raises:
        ScheduleError: another memory is named.
    """
    found = [kwargs[word] for word in WORDS if word in kwargs]
    found += [value for value in args[-1:] if value in SCOPES]
    if not found:
        return args, kwargs
    scope = str(found[0])
    if scope != "global":
        asked = kind.misuse(block, args, kwargs, "").refusal.asked
        why = "a copy is made for the whole program, and gets another memory inside a loop"
        instead = (
            f"call {kind.name} without {scope!r}, compute_at the copy in a loop, then "
            f's["{copied}"].set_scope("{copied}", "{scope}")'
        )
        raise ScheduleError(Refusal(asked, f"block {block}", why, instead))
    kept = tuple(value for value in args if value != scope)
    return kept, {key: value for key, value in kwargs.items() if key not in WORDS}
