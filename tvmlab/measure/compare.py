"""Whether a result is the reference, element by element, and the words if it is not.

Integers and bools must be equal. Floats may differ by the bound that the caller derives from the
computation (`tvmlab.te.evaluate`), never by a guess. A NaN agrees with a NaN only, an
infinity with the same infinity or with a value too large for the result's dtype.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tvmlab.errors import MeasureError
from tvmlab.ir import dtypes

_CHUNK = 1 << 20  # elements looked at together: keeps the float64 copies small


@dataclass(frozen=True)
class Agreement:
    """Every element is within its bound.

    Attributes:
        elements: how many there are.
        max_error: the largest absolute difference.
        bound_share: the largest share of its bound that an element's difference takes, 0 to 1.
    """

    elements: int
    max_error: float
    bound_share: float

    def __str__(self) -> str:
        """One sentence for people."""
        if self.max_error == 0:
            return f"All {self.elements} elements are equal."
        return (
            f"All {self.elements} elements agree; the largest difference is {self.max_error:.3g}, "
            f"{100 * self.bound_share:.0f} % of what rounding allows."
        )


@dataclass(frozen=True)
class Disagreement:
    """Some elements are beyond their bound.

    Attributes:
        name: what the array is called.
        elements: how many there are.
        count: how many differ.
        first: index of the first that differs, in memory order.
        worst: index of the one farthest beyond its bound, NaNs and infinities before all others.
        got, expected, bound: the worst one's value, the reference's, and the difference allowed.
    """

    name: str
    elements: int
    count: int
    first: tuple[int, ...]
    worst: tuple[int, ...]
    got: float | int | bool
    expected: float | int | bool
    bound: float

    def __bool__(self) -> bool:
        """False: `if compare(...)` asks whether they agree."""
        return False

    def __str__(self) -> str:
        """One sentence for people."""
        at = ", ".join(map(str, self.worst))
        allowed = f"at most {self.bound:.3g} apart" if self.bound else "no difference"
        first = f", the first at [{', '.join(map(str, self.first))}]" if self.count > 1 else ""
        return (
            f"{self.count} of {self.elements} elements of {self.name} are wrong{first}; the worst "
            f"is {self.name}[{at}]: got {_shown(self.got)}, expected {_shown(self.expected)}, "
            f"{allowed}."
        )


def _shown(value: float | int | bool) -> str:
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def compare(
    result: np.ndarray,
    reference: np.ndarray,
    bound: np.ndarray | float,
    name: str = "the result",
) -> Agreement | Disagreement:
    """Compare `result` with `reference`, arrays of one shape.

    `bound` is the absolute difference allowed to floats: one for all, or an array that broadcasts
    to the shape. For other dtypes it is not looked at.

    Raises:
        MeasureError: the shapes differ, or the bound does not fit or is negative or NaN.
    """
    if result.shape != reference.shape:
        raise MeasureError(
            f"{name} has the shape {list(result.shape)} and its reference "
            f"{list(reference.shape)}; compare arrays of one shape."
        )
    is_float = dtypes.is_float(str(result.dtype))
    bounds = _bounds(bound if is_float else 0.0, result.shape, name)
    got_flat, expected_flat, bound_flat = result.reshape(-1), reference.reshape(-1), bounds.flat
    count, first, worst = 0, -1, -1
    worst_share, max_error, max_share = -1.0, 0.0, 0.0
    for begin in range(0, result.size, _CHUNK):
        part = slice(begin, begin + _CHUNK)
        got, expected, allowed = got_flat[part], expected_flat[part], np.asarray(bound_flat[part])
        error, share = _float_error(got, expected, allowed) if is_float else _unequal(got, expected)
        max_error, max_share = max(max_error, error.max()), max(max_share, share.max())
        wrong = share > 1
        if wrong.any():
            count += int(wrong.sum())
            first = begin + int(wrong.argmax()) if first < 0 else first
            here = int(share.argmax())
            if share[here] > worst_share:
                worst, worst_share = begin + here, float(share[here])
    if not count:
        return Agreement(result.size, float(max_error), float(max_share))
    at = tuple(int(i) for i in np.unravel_index(worst, result.shape))
    return Disagreement(
        name,
        result.size,
        count,
        tuple(int(i) for i in np.unravel_index(first, result.shape)),
        at,
        result[at].item(),
        reference[at].item(),
        float(bounds[at]),
    )


def _bounds(bound: np.ndarray | float, shape: tuple[int, ...], name: str) -> np.ndarray:
    """`bound` spread to `shape` without a copy."""
    given = np.asarray(bound, np.float64)
    if not (given >= 0).all():
        raise MeasureError(f"the bound for {name} is negative or NaN; give differences from 0 up.")
    try:
        return np.broadcast_to(given, shape)
    except ValueError as error:
        raise MeasureError(
            f"the bound for {name} has the shape {list(given.shape)}, which does not spread to "
            f"{list(shape)}; give one number, or one for each element."
        ) from error


def _float_error(
    got: np.ndarray, expected: np.ndarray, allowed: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Absolute differences, and what share of the allowed ones they take; inf: no agreement."""
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        error = np.subtract(got, expected, dtype=np.float64)
        np.abs(error, out=error)
        if not np.isfinite(error.max()):  # rare: look at NaNs and infinities one by one
            error = _settle_specials(got, expected, error)
        share = error / allowed
    share[error == 0] = 0.0  # 0 / 0: nothing was allowed and nothing was taken
    return error, share


def _settle_specials(got: np.ndarray, expected: np.ndarray, error: np.ndarray) -> np.ndarray:
    """`error` with 0 where NaNs or infinities agree and infinity where they do not."""
    too_large = np.isinf(got) & (np.abs(expected) > float(dtypes.finfo(str(got.dtype)).max))
    same = (got == expected) | (np.isnan(got) & np.isnan(expected))
    same |= too_large & (np.signbit(got) == np.signbit(expected))
    return np.where(same, 0.0, np.where(np.isnan(error), np.inf, error))


def _unequal(got: np.ndarray, expected: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Differences of integers or bools; share 0 where equal, beyond 1 and growing elsewhere."""
    error = np.abs(got.astype(np.float64) - expected.astype(np.float64))
    unequal = got != expected
    return error, np.where(unequal, 2.0 + error, 0.0)
