"""What a screen does not have yet of the runs shown: each point, label and batch once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tvmlab.view.track import Track
from tvmlab.view.tuning import Tuning

Message = dict[str, Any]

MOST_POINTS = 2000
"""Points of one message: a screen draws what it has while the next is on its way."""


@dataclass
class Had:
    """How much of one run a screen has."""

    points: int = 0
    names: int = 0
    labels: int = 0
    batches: int = 0


@dataclass
class Sent:
    """What a screen has. A new one has nothing, and is told everything."""

    runs: dict[int, Had] = field(default_factory=dict)
    explained: object = None
    inspected: object = None


def news(tuning: Tuning, sent: Sent) -> list[Message]:
    """The messages that bring a screen up to date; `sent` then says that it has them.

    `points` begin at position `from`, as do `batches`; `names` and `labels` (see
    `tvmlab.view.choice_codes`) go behind those sent before, which are `named` and `labelled` many.
    """
    messages: list[Message] = []
    for each, track in tuning.tracks.items():
        messages += run_news(each, track, sent.runs.setdefault(each, Had()))
    explanation = tuning.explanation
    if explanation is not None and explanation is not sent.explained:
        sent.explained = explanation
        messages.append({"kind": "explained", **explanation})
    if tuning.inspected is not None and tuning.inspected is not sent.inspected:
        sent.inspected = tuning.inspected
        messages.append({"kind": "inspected", **tuning.inspected})
    return messages


def run_news(each: int, track: Track, had: Had, most: int | None = None) -> list[Message]:
    """What a screen lacks of one run, in up to `most` messages of points."""
    track.follow()
    codes = track.codes
    messages: list[Message] = []
    while had.points < len(track.points) and len(messages) != most:
        message: Message = {"kind": "points", "run": each, "from": had.points}
        message["points"] = track.points[had.points : had.points + MOST_POINTS]
        if had.names < len(codes.names):
            message |= {"named": had.names, "names": codes.names[had.names :]}
        if had.labels < len(codes.labels):
            message |= {"labelled": had.labels, "labels": codes.labels[had.labels :]}
        had.points += len(message["points"])
        had.names, had.labels = len(codes.names), len(codes.labels)
        messages.append(message)
    if had.points == len(track.points) and had.batches < len(track.batches):
        batches = track.batches[had.batches :]
        messages.append({"kind": "model", "run": each, "from": had.batches, "batches": batches})
        had.batches = len(track.batches)
    return messages
