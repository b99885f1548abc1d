"""The schedule as lines that can be gone to, edited, undone and decided differently."""

from __future__ import annotations

from collections.abc import Mapping

from tvmlab.errors import UsageError
from tvmlab.schedule import State, Trace
from tvmlab.schedule.recipe import Recipe
from tvmlab.view.arguments import as_position, as_text
from tvmlab.view.desk import Desk
from tvmlab.view.documents import read_trace
from tvmlab.view.holes import decided, hole_views
from tvmlab.view.parts.part import Handler, Intent, Part
from tvmlab.view.schema import TraceView


class TracePart(Part):
    """Shows a `TraceView`."""

    name = "trace"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._written: tuple[State, list[str]] | None = None

    def view(self) -> TraceView:
        """The schedule, what can be redone included."""
        timeline, refusing = self.desk.timeline, self.desk.refusing
        state = timeline.state
        head = f"s = t.create_schedule({', '.join(t.name for t in state.outputs)})"
        return {
            "head": head,
            "lines": [
                {
                    "index": n,
                    "text": later.line,
                    "recipe": later.step.name if isinstance(later.step, Recipe) else "",
                    "cautions": [str(caution) for caution in later.cautions],
                    "holes": hole_views(later.parent, later.step) if later.step is not None else [],
                }
                for n, later in enumerate(timeline.states[1:])
            ],
            "position": timeline.position,
            "can_undo": timeline.position > 0,
            "can_redo": timeline.position < len(timeline.states) - 1,
            "python": "\n".join([head, *Trace(state).lines]),
            "document": self._document(state),
            "refusal": self.desk.refusal("trace"),
            "refused_line": refusing.line if refusing is not None else -1,
            "taken": self.desk.taken,
        }

    def _document(self, state: State) -> list[str]:
        """The schedule as a file, kept while the state is the same: it has the expression in it."""
        if self._written is None or self._written[0] is not state:
            self._written = state, Trace(state).pieces()
        return self._written[1]

    def intents(self) -> Mapping[str, Handler]:
        """Editing, deciding, and moving along the schedule."""
        return {
            "edit": self._edit,
            "decide": self._decide,
            "undo": self._undo,
            "redo": self._redo,
            "go_to": self._go_to,
            "load_trace": self._load,
        }

    def _edit(self, intent: Intent) -> None:
        index = as_position(intent, "index")
        timeline = self.desk.timeline
        if index >= len(timeline.states) - 1:
            raise UsageError(f"the schedule has no line {index + 1}; edit one that it has.")
        self.desk.show(timeline.edited(index, as_text(intent, "line")))

    def _decide(self, intent: Intent) -> None:
        timeline = self.desk.timeline
        timeline.replace(decided(timeline, intent))
        self.desk.show()

    def _undo(self, intent: Intent) -> None:
        if self.desk.timeline.go_to(self.desk.timeline.position - 1):
            self.desk.show()

    def _redo(self, intent: Intent) -> None:
        if self.desk.timeline.go_to(self.desk.timeline.position + 1):
            self.desk.show()

    def _go_to(self, intent: Intent) -> None:
        position = as_position(intent, "position")
        if not self.desk.timeline.go_to(position):
            raise UsageError(
                f"there is no state after {position} steps; the schedule has "
                f"{len(self.desk.timeline.states) - 1}."
            )
        self.desk.show()

    def _load(self, intent: Intent) -> None:
        self.desk.show(read_trace(self.desk.start.first, as_text(intent, "text")))
