"""Where the lanes of a vector lie in memory when that is the same wherever the vector stands.

Doubling an image reads the elements 0 0 1 1 2 2 ... from some place on; interleaving two arrays
reads 0 n 1 n+1 2 n+2 ... Few whole vectors hold all of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from tvmlab.arith.linear import Linear, atom_expr
from tvmlab.arith.simplify import linear
from tvmlab.ir.expr import Var
from tvmlab.ir.walk import variables

MOST_WINDOWS = 4
"""Beyond so many whole vectors, gathering takes no more instructions."""


def lane_offsets(place: Linear, lane: Var, lanes: int) -> tuple[Linear, tuple[int, ...]] | None:
    """A place taken apart: what does not depend on `lane`, and what each lane adds to it.

    None where what a lane adds depends on more than the lane.
    """
    own = {a: c for a, c in place.terms.items() if lane in variables(atom_expr(a))}
    if any(variables(atom_expr(atom)) != {lane} for atom in own):
        return None
    rest = Linear({a: c for a, c in place.terms.items() if a not in own}, place.constant)
    part = Linear(own, 0).expr()
    return rest, tuple(linear(part, {lane: (n, n)}).constant for n in range(lanes))


def windows(offsets: Sequence[int], most: int) -> tuple[tuple[int, int], ...] | None:
    """The fewest stretches that hold all offsets, as (first, length), lengths powers of two up to
    `most`; None if they are more than `MOST_WINDOWS`, or one holds a single element.

    No stretch reaches beyond an offset on either side, so all of it may be read.
    """
    found: list[tuple[int, int]] = []
    left = sorted(set(offsets))
    while left:
        inside = [o for o in left if o < left[0] + most]
        first, span = inside[0], inside[-1] - inside[0] + 1
        length = 1 << (span.bit_length() - 1)
        found.append((first, length))
        if length < span:
            found.append((first + span - length, length))
        if length == 1 or len(found) > MOST_WINDOWS:
            return None
        left = left[len(inside) :]
    return tuple(found)
