"""What becomes of a run that a command waits for when the user presses Ctrl-C."""

from __future__ import annotations

import sys

from tvmlab.tune.run import Run

LOOK_S = 0.2
"""Seconds between two looks at a run: an interrupt is heard at once, its end this late at most."""

LAST_TRIALS_S = 30.0
"""How long an interrupted run may take to finish what it is measuring."""


def cut_short(tuning: Run) -> None:
    """Begin no further trial, say so, and wait for those that are being measured."""
    tuning.stop()
    print("\ninterrupted: finishing what is being measured ...", file=sys.stderr, flush=True)
    tuning.wait(LAST_TRIALS_S)
