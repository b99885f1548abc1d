"""Index maps as arguments of steps: texts, functions written down as texts, and what they map."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from tvmlab.arith.index_map import IndexMap, NotOneToOne, Relayout
from tvmlab.errors import ParseError
from tvmlab.schedule.step import Step

MOST_PADDING = 64
"""Places for each element beyond which a layout is absurd."""

FORM = "write it as in i, j -> j // 16, i, j % 16"


def texts(
    kind: type[Step], block: str, args: Sequence[Any], kwargs: dict[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """The arguments of a call, functions among them written down as index maps.

    Raises:
        ScheduleError: a function is no index map.
    """
    try:
        return [_text(a) for a in args], {name: _text(value) for name, value in kwargs.items()}
    except (ParseError, TypeError) as error:
        why = f"the function is no index map: {error}"
        raise kind.misuse(block, ("...",), {}, why) from None


def _text(argument: Any) -> Any:
    return str(IndexMap.traced(argument)) if callable(argument) else argument


def index_map_of(step: Step, text: str) -> IndexMap:
    """The map that a step's text says.

    Raises:
        ScheduleError: the text is no index map.
    """
    try:
        return IndexMap.parse(text)
    except ParseError as error:
        raise step.refuse("", str(error), FORM) from None


def layout_over(step: Step, text: str, extents: Sequence[int], whose: str) -> Relayout:
    """The map of a step over `extents`, which are those of `whose` dimensions.

    Raises:
        ScheduleError: it takes another number of indices, is not proved to be one to one, or has
            far more places than elements.
    """
    index_map = index_map_of(step, text)
    if len(index_map.names) != len(extents):
        raise step.refuse(
            "",
            f"the map takes {len(index_map.names)} indices, and {whose} has {len(extents)} "
            "dimensions",
            f"name {len(extents)} indices before the arrow",
        )
    try:
        layout = index_map.over(extents)
    except NotOneToOne as reason:
        raise step.refuse(
            "", str(reason), "permute indices, or divide one by // and % with the same factor"
        ) from None
    if prod(layout.shape) > MOST_PADDING * prod(extents):
        raise step.refuse(
            "",
            f"the new {list(layout.shape)} is more than {MOST_PADDING} times as large as "
            f"{list(extents)}",
            "choose factors no larger than the extents",
        )
    return layout
