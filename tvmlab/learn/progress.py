"""What a learner has done so far, kept in a file of their own beside the notebook."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tvmlab.learn.calibration import LEAST_SURE, MOST_SURE, Guess
from tvmlab.targets.whole_file import written_whole


class Progress:
    """Points and guesses, in the file at `path`; nothing is written before there is something.

    Attributes:
        points: the most points reached in each exercise that was handed in.
        passed: the exercises passed.
        guesses: every guess whose truth was revealed, in order.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        data = _read(path)
        points, guesses = data.get("points"), data.get("guesses")
        self.points: dict[str, float] = {
            str(name): float(value)
            for name, value in (points.items() if isinstance(points, Mapping) else ())
            if isinstance(value, int | float)
        }
        self.passed = {str(name) for name in data.get("passed") or ()}
        self.guesses = [
            Guess(float(sure), bool(right)) for sure, right in filter(_is_guess, guesses or ())
        ]

    def handed_in(self, name: str, points: float, is_passed: bool) -> None:
        """Note an answer."""
        self.points[name] = max(points, self.points.get(name, 0.0))
        self.passed |= {name} if is_passed else set()
        self._save()

    def guessed(self, guess: Guess) -> None:
        """Note a guess whose truth was revealed."""
        self.guesses.append(guess)
        self._save()

    def _save(self) -> None:
        data = {"points": self.points, "passed": sorted(self.passed), "guesses": self.guesses}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with written_whole(self._path) as part:
                part.write_text(json.dumps(data), encoding="utf-8")
        except OSError:
            return  # a folder that cannot be written keeps nothing, and learning goes on


def _read(path: Path) -> Mapping[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, Mapping) else {}


def _is_guess(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and isinstance(value[0], int | float)
        and LEAST_SURE <= value[0] <= MOST_SURE
    )
