"""What a screen makes of the messages that `tvmlab.view.told` sends it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def followed(messages: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The states after each of `messages`, which are told one after another from the first on."""
    states: list[dict[str, Any]] = []
    seq: int | None = None
    for message in messages:
        assert message["base"] in (None, seq), "a message goes on from a state that was not told"
        seq = message["seq"]
        states.append(applied(states[-1] if message["base"] is not None else {}, message))
    return states


def applied(state: dict[str, Any], message: dict[str, Any]) -> dict[str, Any]:
    """`state` after one message."""
    after = {**state, **message["fields"]}
    for name, places in message["splices"].items():
        entries = list(state[name])
        for at, removed, come in reversed(places):
            entries[at : at + removed] = come
        after[name] = entries
    return after
