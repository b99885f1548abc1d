"""What models say of a run's candidates: each is fitted when it is first asked, and kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from tvmlab.ir.program import Program
from tvmlab.tune.contributions import Contributions, Hindsight, Recalled
from tvmlab.tune.record import Record
from tvmlab.tune.setup import Setup

GROWTH = 1.25
"""A model is fitted again once there are so many times as many trials: fitting takes a second."""


class Hindsights:
    """The models of one run; may be asked from several threads.

    Args:
        setup: of the run.
        records: all its trials up to now.
    """

    def __init__(self, setup: Setup, records: Callable[[], Sequence[Record]]) -> None:
        self._setup = setup
        self._records = records
        self._lock = threading.Lock()
        self._fitted: dict[bool, Hindsight] = {}

    def of_trial(self, record: Record) -> Contributions:
        """What the features that the run's own model sees add in a trial.

        Raises:
            TvmlabError: there is too little to learn from, or the trial is no legal schedule.
        """
        return self._model(by_loops=False).of_trial(record)

    def of_program(self, program: Program) -> Contributions:
        """What the loops of any schedule of the run's expression add.

        Raises:
            TvmlabError: there is too little to learn from.
        """
        return self._model(by_loops=True).of_program(program)

    def recalled(self) -> Recalled:
        """What a model goes by that sees what the run's own saw.

        Raises:
            TvmlabError: there is too little to learn from.
        """
        return self._model(by_loops=False).recalled()

    def _model(self, by_loops: bool) -> Hindsight:
        with self._lock:
            known, records = self._fitted.get(by_loops), self._records()
            if known is None or len(records) >= GROWTH * known.trials:
                known = self._fitted[by_loops] = Hindsight(self._setup, records, by_loops)
            return known
