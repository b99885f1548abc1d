"""Which candidates of a run deserve to be measured once more, against each other.

The fastest of many quick measurements was lucky as well as fast: of candidates whose true times are
alike, the one that caught the quietest moment is on top. So the run's best few are told apart by a
longer measurement in turn.
"""

from __future__ import annotations

from collections.abc import Iterable

from tvmlab.tune.record import Record

FINALISTS = 8

CLOSE = 1.2
"""What was slower than the best by more than a fifth was not unlucky: of the quick medians
recorded in tests/tune/recorded, one in ten is off by 0.15 to 0.33. Of forty candidates drawn from
a recording's fastest eighth, eight finalists within a fifth kept 0.98 of the best's speed in 19
of 20 draws for the depthwise convolution, four within a tenth 0.95; for the other seven
recordings it made no difference to speak of."""


def finalists(records: Iterable[Record]) -> list[Record]:
    """The fastest verified records, fastest first: up to `FINALISTS`, none slower than the first by
    more than `CLOSE`; of candidates with one trace only the first. The run's first trial, a good
    choice without a search, is always among them, however unlucky its measurement was."""
    traces: list[object] = []
    found: list[Record] = []
    good = sorted((r for r in records if r.can_be_best), key=lambda r: r.rank)
    for record in good:
        first_s = found[0].median_s if found else record.median_s
        if (record.median_s or 0.0) > CLOSE * (first_s or 0.0) or len(found) == FINALISTS:
            break
        if record.trace not in traces:
            traces.append(record.trace)
            found.append(record)
    return found + [r for r in good if r.number == 0 and r.trace not in traces]
