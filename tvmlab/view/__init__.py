"""Plain data for any screen: snapshots out, intents in. No widget is known here."""

from tvmlab.view.lab import LabView

__all__ = ["LabView"]
