"""Candidates that are good and unlike each other (AutoTVM's paper, equation 3).

Of a longer list the batch S is chosen that maximises

    L(S) = sum over s of f(s) + alpha * sum over knobs j of the number of options of j met in S.

L is submodular, so taking the candidate that adds most, one after another, comes within 1 - 1/e of
the best batch (Nemhauser, Wolsey and Fisher 1978).
"""

from __future__ import annotations

import numpy as np


def diverse(digits: np.ndarray, scores: np.ndarray, count: int, alpha: float) -> np.ndarray:
    """The rows of `digits` to take, in the order of being chosen.

    Args:
        digits: (n, knobs) the options of each candidate.
        scores: (n,) of each, more is better; their spread is made 1, so that `alpha` means the
            same for every model.
        count: how many to take; all where there are fewer.
        alpha: what an option not met before is worth, in spreads of the scores.

    Returns:
        (min(count, n),) row numbers.
    """
    spread = float(np.ptp(scores)) if len(scores) else 0.0
    worth = (scores - scores.min()) / spread if spread > 0 else np.zeros(len(scores))
    met = [np.zeros(column.max(initial=0) + 1, dtype=bool) for column in digits.T]
    left = np.ones(len(digits), dtype=bool)
    chosen: list[int] = []
    for _ in range(min(count, len(digits))):
        fresh = sum(~seen[column] for seen, column in zip(met, digits.T, strict=True))
        gain = np.where(left, worth + alpha * fresh, -np.inf)
        best = int(gain.argmax())
        left[best] = False
        chosen.append(best)
        for seen, option in zip(met, digits[best], strict=True):
            seen[option] = True
    return np.array(chosen, dtype=np.int64)
