"""What a lab shows, part by part: the first can be on a screen before the last is worked out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from threading import RLock
from typing import Any


class Sections(Mapping[str, Any]):
    """The parts of a snapshot by name, each worked out with `lock` when it is first asked for.

    In a long program the legal moves take a second, and the program need not wait for them.
    """

    def __init__(self, lock: RLock, views: Mapping[str, Callable[[], Any]]) -> None:
        self._lock = lock
        self._views = views
        self._known: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._known:
            with self._lock:
                self._known[name] = self._views[name]()
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._views)

    def __len__(self) -> int:
        return len(self._views)
