"""Locality at toy sizes: followed on demand, then shown for any moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tvmlab.errors import TvmlabError, UsageError
from tvmlab.schedule import State
from tvmlab.view.arguments import as_bytes, as_position, as_text
from tvmlab.view.desk import Desk
from tvmlab.view.heat_maps import MEASURES
from tvmlab.view.latest import Latest
from tvmlab.view.locality import (
    WAYS,
    Caches,
    Locality,
    Misses,
    miss_rows,
    scaled_caches,
    traced,
    verdict,
)
from tvmlab.view.parts.part import Handler, Intent, Part
from tvmlab.view.schema import DistanceBin, HeatMap, LocalityView, MissRow
from tvmlab.view.toy import at_sizes_of, toy_of

Sizes = tuple[int, int, int]
"""Of a line, of the first and of the second level, in bytes."""


@dataclass(frozen=True)
class Simulated:
    """What caches make of a trace, and against what that is held."""

    caches: Caches
    bins: list[DistanceBin]
    first_elements: int
    first_lines: int
    misses: list[MissRow]
    before: str
    verdict: str


class LocalityPart(Part):
    """Shows a `LocalityView`."""

    name = "locality"
    slow = frozenset({"locality", "locality_caches"})

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._found: Locality | None = None
        self._simulated: Simulated | None = None
        self._failed: State | None = None
        self._reason = ""
        self._latest = Latest()
        self._sizes: Sizes | None = None
        self._measure = "last"
        self._moment = 0
        self._pinned: State | None = None
        self._drawn: tuple[Locality, str, int] | None = None
        self._maps: list[HeatMap] = []

    def view(self) -> LocalityView:
        """What was found last, at the moment chosen."""
        found, state = self._found, self.desk.state
        moment = self._moment
        return {
            "status": self._latest.status(self._reason, found is not None),
            "reason": self._reason,
            "is_stale": self._is_stale(state),
            "sizes": found.sizes_words() if found else "",
            "measure": self._measure,
            "moment": moment,
            "moments": len(found.trace.moments) if found else 0,
            "accesses": len(found.trace) if found else 0,
            "block": found.block_at(moment) if found else "",
            "loops": found.loops_at(moment) if found else [],
            "touches": found.touches_at(moment) if found else "",
            "maps": self._drawn_maps(found, moment) if found else [],
            **_simulated_view(self._simulated),  # type: ignore[typeddict-item]
        }

    def intents(self) -> Mapping[str, Handler]:
        """Following the accesses, and looking at another moment, measure or cache."""
        return {
            "locality": self._follow,
            "locality_caches": self._take_caches,
            "locality_at": self._go_to,
            "locality_show": self._show,
        }

    def _is_stale(self, state: State) -> bool:
        shown = self._failed or (self._found.state if self._found else None)
        return shown is not None and (shown is not state or self._pinned is not self.desk.pinned)

    def _drawn_maps(self, found: Locality, moment: int) -> list[HeatMap]:
        """The maps, which every snapshot asks for and few change."""
        wanted = (found, self._measure, moment)
        if self._drawn != wanted:
            self._drawn, self._maps = wanted, found.maps.views(self._measure, moment)
        return self._maps

    def _follow(self, intent: Intent) -> None:
        desk = self.desk
        with desk.lock:
            ticket, state, pinned = self._latest.ask(), desk.state, desk.pinned
        desk.changed()
        found, simulated, reason = self._found, None, ""
        try:
            if found is None or found.state is not state:
                found = Locality(state, toy_of(state))
            simulated = self._simulate(found, pinned)
            found.maps.views("distance", 0)  # what takes long of it is kept for quick intents
        except TvmlabError as error:
            reason = str(error)
        with desk.lock:
            if self._latest.settle(ticket):
                self._pinned = pinned
                self._settle(state, found, simulated, reason)

    def _settle(
        self, state: State, found: Locality | None, simulated: Simulated | None, reason: str
    ) -> None:
        self._reason, self._failed = reason, state if reason else None
        if reason or found is None or simulated is None:
            self._found = self._simulated = None
            return
        if found is not self._found:
            self._moment = len(found.trace.moments) - 1
        self._found, self._simulated = found, simulated

    def _simulate(self, found: Locality, pinned: State | None) -> Simulated:
        """The misses of a state, and of the pinned one or the one before the last step."""
        caches = self._caches_for(found)
        misses = Misses.of(found.trace, caches)
        other = pinned if pinned is not None and pinned is not found.state else found.state.parent
        before, words = None, ""
        if other is not None:
            is_pinned = other is pinned
            words = "the pinned state" if is_pinned else f"the state before {found.state.step}"
            before = Misses.of(traced(at_sizes_of(found.toy, other)), caches)
        bins, first, first_lines = found.bins(caches.line_bytes)
        rows = miss_rows(misses, before)
        return Simulated(
            caches, bins, first, first_lines, rows, words, verdict(misses, before, words)
        )

    def _caches_for(self, found: Locality) -> Caches:
        if self._sizes is None:
            return scaled_caches(found.toy, found.state, self.desk.engine.caches())
        line, l1, l2 = self._sizes
        return Caches(line, l1, l2, "as given", is_own=True)

    def _take_caches(self, intent: Intent) -> None:
        """Other sizes of caches; empty texts bring back those of the machine."""
        texts = [as_text(intent, key) for key in ("line", "l1", "l2")]
        if not any(text.strip() for text in texts):
            sizes = None
        else:
            line, l1, l2 = (as_bytes(intent, key) for key in ("line", "l1", "l2"))
            Caches(line, l1, l2, "").levels()
            sizes = (line, l1, l2)
        with self.desk.lock:
            self._sizes = sizes
        self._follow(intent)

    def _go_to(self, intent: Intent) -> None:
        found = self._found
        if found is None:
            raise UsageError("no accesses have been followed yet; open the tab Locality first.")
        if "loop" in intent:
            by = 1 if intent.get("by", 1) != -1 else -1
            self._moment = found.moved(self._moment, as_text(intent, "loop"), by)
        else:
            self._moment = min(as_position(intent, "moment"), len(found.trace.moments) - 1)

    def _show(self, intent: Intent) -> None:
        measure = as_text(intent, "measure")
        if measure not in MEASURES:
            raise UsageError(f"there is no measure {measure!r}; use {', '.join(MEASURES)}.")
        self._measure = measure


def _simulated_view(made: Simulated | None) -> dict[str, object]:
    """The part of the view that depends on the caches."""
    caches = made.caches if made else Caches(0, 0, 0, "")
    return {
        "bins": made.bins if made else [],
        "first_elements": made.first_elements if made else 0,
        "first_lines": made.first_lines if made else 0,
        "line_bytes": caches.line_bytes,
        "l1_bytes": caches.l1_bytes,
        "l2_bytes": caches.l2_bytes,
        "ways": WAYS,
        "machine": caches.words,
        "is_own": caches.is_own,
        "misses": made.misses if made else [],
        "before": made.before if made else "",
        "verdict": made.verdict if made else "",
    }
