"""The program: its lines with what the last step changed, and the loop selected in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from tvmlab.analysis.work import Work
from tvmlab.errors import UsageError
from tvmlab.ir.dtypes import is_float
from tvmlab.measure.figures import scaled
from tvmlab.schedule import State
from tvmlab.view.arguments import as_ref, as_text
from tvmlab.view.contributions import NOTHING
from tvmlab.view.desk import Desk
from tvmlab.view.moves import find_loop
from tvmlab.view.overlays import KINDS, overlay_marks
from tvmlab.view.parts.part import Handler, Intent, Part
from tvmlab.view.program import FIRST_LINES, gone_views
from tvmlab.view.program_contributions import ProgramContributions
from tvmlab.view.schema import GoneLine, LineView, OverlayMark, ProgramView


class ProgramPart(Part):
    """Shows a `ProgramView`."""

    name = "program"
    refuses_in = "moves"
    slow = frozenset({"contributions"})

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._with_pinned = False
        self._overlay = "none"
        self._marked: tuple[State, str] | None = None
        self._marks: list[OverlayMark] = []
        self._drawn: tuple[State, State | None, bool] | None = None
        self._is_whole = False
        self._lines: list[LineView] = []
        self._new: list[int] = []
        self._gone: list[GoneLine] = []
        self._contributions = ProgramContributions(desk)

    def view(self) -> ProgramView:
        """The program with what the last step changed, or what differs from the pinned state."""
        desk = self.desk
        pinned = desk.pinned if self._with_pinned else None
        if self._drawn != (desk.state, pinned, self._is_whole):
            self._draw(desk.state, pinned)
        return {
            "title": desk.state.program.name,
            "subtitle": workload_words(desk.state, desk.work),
            "lines": self._lines,
            "missing": len(desk.printed.of(desk.state).lines) - len(self._lines),
            "new": self._new,
            "gone": self._gone,
            "selection": desk.selection,
            "notice": desk.notice,
            "can_start_over": bool(desk.notice),
            "compared": "pinned" if pinned is not None else "previous",
            "can_compare": desk.pinned is not None,
            "overlay": self._overlay,  # type: ignore[typeddict-item]
            "marks": self._overlaid(desk.state),
            "contributions": self._contributions.view() if self._overlay == "model" else NOTHING,
        }

    def intents(self) -> Mapping[str, Handler]:
        """Selecting, comparing, overlaying, showing all, asking a cost model, and going back to the
        beginning."""
        return {
            "select": self._select,
            "compare_program": self._compare,
            "start_over": self._start_over,
            "overlay": self._take_overlay,
            "all_lines": self._show_all,
            "contributions": self._contributions.find,
        }

    def _show_all(self, intent: Intent) -> None:
        """A screen that has drawn the beginning of a long program asks for the rest."""
        self._is_whole = True

    def _draw(self, state: State, pinned: State | None) -> None:
        """The lines, which every snapshot asks for and few change."""
        printed = self.desk.printed.of(state)
        if pinned is not None:
            printed = self.desk.printed.against(pinned, state)
        self._lines = printed.views if self._is_whole else printed.views[:FIRST_LINES]
        self._new = printed.new
        self._gone = gone_views(printed)
        self._drawn = (state, pinned, self._is_whole)

    def _overlaid(self, state: State) -> list[OverlayMark]:
        """The marks of the overlay chosen, kept until state or overlay are others."""
        if self._overlay == "model":
            return self._contributions.marks()
        if self._marked != (state, self._overlay):
            lines = self.desk.printed.of(state).lines
            self._marks = overlay_marks(self._overlay, state.program, lines)
            self._marked = (state, self._overlay)
        return self._marks

    def _take_overlay(self, intent: Intent) -> None:
        kind = as_text(intent, "kind")
        if kind not in KINDS:
            raise UsageError(f"there is no overlay {kind!r}; use one of {', '.join(KINDS)}.")
        self._overlay = kind

    def _compare(self, intent: Intent) -> None:
        wanted = as_text(intent, "with")
        if wanted not in ("previous", "pinned"):
            raise UsageError(f"compare with 'previous' or with 'pinned', not with {wanted!r}.")
        if wanted == "pinned" and self.desk.pinned is None:
            raise UsageError("no state is pinned to compare with; pin one first.")
        self._with_pinned = wanted == "pinned"

    def _select(self, intent: Intent) -> None:
        wanted = as_ref(intent)
        if find_loop(self.desk.state, wanted) is None:
            raise UsageError(
                f"there is no loop {wanted['loop']!r} around block {wanted['block']!r} now; "
                "select one of the program's loops."
            )
        self.desk.select(wanted)

    def _start_over(self, intent: Intent) -> None:
        self.desk.select(None)
        self.desk.timeline.fork(self.desk.start)
        self.desk.show()


def workload_words(state: State, work: Work) -> str:
    """What is computed, in a line: the outputs' types and the work of one call."""
    counts = Counter(f"{t.dtype}{list(t.shape)}" for t in state.outputs)
    words = [", ".join(f"{n} × {text}" if n > 1 else text for text, n in counts.items())]
    if work.flops:
        is_real = any(is_float(t.dtype) for t in state.outputs)
        words.append(f"{scaled(work.flops)}{'FLOP' if is_real else 'OP'}")
    if work.size_bytes:
        words.append(f"{scaled(work.size_bytes)}B")
    return " · ".join(words)
