"""Where the threads of a block stand in a buffer whenever an access is made: exact, by counting.

Most loops only move all threads together, so of them nothing matters but by how much, modulo the
width of what memory hands out: their moves are folded into one count for each remainder. What is
left, the threads and the loops that conditions and quotients tie to them, is gone through in full.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import gcd, prod
from typing import Any, NamedTuple

import numpy as np

from tvmlab.analysis.accesses import Limit
from tvmlab.analysis.index_values import IndexValues
from tvmlab.analysis.kernel_accesses import KernelAccess
from tvmlab.analysis.launch import WARP
from tvmlab.analysis.matrix_rows import shared_out
from tvmlab.analysis.regions import atom_variables
from tvmlab.arith.linear import Atom, Interval, Linear
from tvmlab.arith.pitch import as_stored
from tvmlab.arith.simplify import loop_range, simplify
from tvmlab.arith.undigited import flat_index
from tvmlab.ir import dtypes
from tvmlab.ir.axis import THREAD_AXES, axis_of
from tvmlab.ir.buffer import Load
from tvmlab.ir.expr import Const, Expr, Var
from tvmlab.ir.instruction import is_collective_name
from tvmlab.ir.program import For
from tvmlab.ir.swizzle import placed
from tvmlab.ir.walk import exprs, variables

MOST_CASES = 1 << 21
"""Places of single threads that are gone through: tens of milliseconds."""

WIDEST_BYTES = 16
"""What one thread loads or stores with one instruction, at most."""


class Unclear(NamedTuple):
    """Why nothing can be said of an access."""

    why: str


class Places(NamedTuple):
    """The places of an access, in elements of its buffer, whenever warps make it.

    Attributes:
        offsets: (cases, warps, 32, width) of every lane's elements, but for what moves all lanes of
            the block together.
        is_active: (cases, warps, 32) whether the lane takes part.
        shifts: (modulus,) how often all lanes are moved together by so much, modulo the modulus.
        width: neighbouring elements that one lane handles with one instruction.
    """

    offsets: np.ndarray
    is_active: np.ndarray
    shifts: tuple[int, ...]
    width: int

    @property
    def lane_step(self) -> int | None:
        """Elements from one lane's place to the next lane's; None where it is not one number."""
        both = self.is_active[..., 1:] & self.is_active[..., :-1]
        steps = (self.offsets[..., 1:, 0] - self.offsets[..., :-1, 0])[both]
        return int(steps[0]) if steps.size and (steps == steps[0]).all() else None


def thread_places(what: KernelAccess, modulus: int) -> Places | Unclear:
    """Where an access goes, shifts modulo `modulus` elements."""
    what = shared_out(what)
    if what.instruction and is_collective_name(what.instruction):
        return Unclear(f"the instruction {what.instruction} shares it out among the threads")
    access = what.access
    limits = [x for limit in access.limits if (x := _decided(limit, access.loops)) is not None]
    found = _unknown(access.indices, limits, access.loops)
    if found:
        return Unclear(found)
    ranges = _ranges(access.loops)
    stored = as_stored(access.buffer)
    steps = [s for s in stored.strides() if isinstance(s, int)]
    place = flat_index(placed(stored, access.indices), steps, ranges)
    place, loops, width = _by_width(place, access.loops, limits, access.buffer.dtype)
    threads = {o.var for o in access.loops if axis_of(o) in THREAD_AXES}
    extents = {var: extent for var, extent in loops.items() if var not in threads}
    tied = _tied(place, limits)
    with_threads = threads.union(*(group for group in tied if group & threads))
    if prod(extents.get(v, 1) for v in with_threads) * what.launch.threads * width > MOST_CASES:
        return Unclear("conditions or quotients tie its threads to too many iterations")
    shifts = [0] * modulus
    if not any(isinstance(limit.condition, Const) for limit in limits):
        shifts[place.constant % modulus] = 1
    left = dict(extents)
    for group in tied:
        if group and not group & with_threads:
            own = {v: left.pop(v) for v in group}
            if prod(own.values()) > MOST_CASES:
                return Unclear("conditions or quotients tie too many iterations together")
            shifts = _sum(shifts, _moves(_part(place, group), _about(limits, group), own, modulus))
    for var in [v for v in left if v not in with_threads]:
        shifts = _sum(shifts, _steps(place.terms.get(var, 0), left.pop(var), modulus))
    part, about = _part(place, with_threads), _about(limits, with_threads)
    offsets, is_active = _lanes(what, part, about, left)
    return Places(offsets[..., None] + np.arange(width), is_active, tuple(shifts), width)


def _decided(limit: Limit, loops: Iterable[For]) -> Limit | None:
    """A limit in simplest form; None where it holds anyway."""
    condition = simplify(limit.condition, _ranges(loops))
    if isinstance(condition, Const) and bool(condition.value) == limit.holds:
        return None
    return Limit(condition, limit.holds)


def _unknown(indices: Iterable[Expr], limits: Iterable[Limit], loops: Iterable[For]) -> str:
    if any(not isinstance(o.extent, int) for o in loops):
        return "its loops run as far as sizes say that are not known"
    if any(isinstance(e, Load) for index in indices for e in exprs(index)):
        return "its place is read from memory"
    if any(isinstance(e, Load) for limit in limits for e in exprs(limit.condition)):
        return "whether it happens depends on data"
    return ""


def _ranges(loops: Iterable[For]) -> dict[Var, Interval]:
    ranges: dict[Var, Interval] = {}
    for loop in loops:
        ranges[loop.var] = loop_range(loop, ranges)
    return ranges


def _by_width(
    place: Linear, loops: tuple[For, ...], limits: Iterable[Limit], dtype: str
) -> tuple[Linear, dict[Var, int], int]:
    """A place by the first lane of each vector, the loops left to go through, and a vector's width.

    Lanes side by side are handled together as far as one instruction goes; lanes that touch one
    element make one access.
    """
    extents = {o.var: int(o.extent) for o in loops}  # type: ignore[arg-type]
    lane = next((o.var for o in loops if o.kind == "vectorized"), None)
    others = [a for a in place.terms if a is not lane]
    bound = {v for limit in limits for v in variables(limit.condition)}
    is_apart = lane in bound or any(lane in atom_variables(a) for a in others)
    if lane is None or is_apart:
        return place, extents, 1
    step, rest = (
        place.terms.get(lane, 0),
        Linear({a: place.terms[a] for a in others}, place.constant),
    )
    if step == 0:
        return place, {v: e for v, e in extents.items() if v is not lane}, 1
    width = WIDEST_BYTES // dtypes.size_bytes(dtype) if step == 1 else 1
    starts = [rest.constant, *rest.terms.values()]
    while width > 1 and (extents[lane] % width or any(start % width for start in starts)):
        width //= 2
    extents[lane] //= max(width, 1)
    return rest.plus(Linear({lane: step * width}, 0)), extents, max(width, 1)


def _tied(place: Linear, limits: Iterable[Limit]) -> list[set[Var]]:
    """Groups of variables that an atom of a place or a condition ties together."""
    groups: list[set[Var]] = []
    every = [atom_variables(a) for a in place.terms if not isinstance(a, Var)]
    every += [variables(limit.condition) for limit in limits]
    for new in every:
        apart = [g for g in groups if not g & new]
        groups = [*apart, new.union(*(g for g in groups if g & new))]
    return groups


def _part(place: Linear, group: set[Var]) -> Expr:
    """The terms of a place that variables of a group move."""
    own: dict[Atom, int] = {a: c for a, c in place.terms.items() if atom_variables(a) & group}
    return Linear(own, 0).expr()


def _about(limits: Iterable[Limit], group: set[Var]) -> list[Limit]:
    return [limit for limit in limits if variables(limit.condition) & group]


def _moves(part: Expr, limits: Iterable[Limit], extents: dict[Var, int], modulus: int) -> list[int]:
    """How often loops of `extents` move a place by each remainder, where `limits` hold."""
    values = IndexValues({v: (n, e) for n, (v, e) in enumerate(extents.items())}, {})
    shape = tuple(extents.values())
    holds = np.broadcast_to(_holds(values, limits), shape)
    moved = np.broadcast_to(np.asarray(values.of(part)) % modulus, shape)[holds]
    return [int(n) for n in np.bincount(moved.reshape(-1), minlength=modulus)]


def _steps(step: int, extent: int, modulus: int) -> list[int]:
    """How often a loop that moves a place by `step` moves it by each remainder."""
    counts = [0] * modulus
    cycle = modulus // gcd(step, modulus)
    for n in range(min(cycle, extent)):
        counts[n * step % modulus] = extent // cycle + (n < extent % cycle)
    return counts


def _sum(shifts: list[int], moves: list[int]) -> list[int]:
    """How often a place is shifted by each remainder when it is moved twice, independently."""
    modulus = len(shifts)
    total = [0] * modulus
    for at, often in enumerate(shifts):
        for by, count in enumerate(moves if often else ()):
            total[(at + by) % modulus] += often * count
    return total


def _lanes(
    what: KernelAccess, part: Expr, limits: Iterable[Limit], extents: dict[Var, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Places (cases, warps, 32) of the threads for all values of loops tied to them, and whether
    each thread takes part; lanes of a last warp that has fewer do not."""
    launch = what.launch
    x, y, z = launch.block
    axes: dict[Var, tuple[int, int]] = {v: (n, e) for n, (v, e) in enumerate(extents.items())}
    first = len(axes)
    along = {
        "threadIdx.z": (first, z),
        "threadIdx.y": (first + 1, y),
        "threadIdx.x": (first + 2, x),
    }
    met = dict.fromkeys(along, False)
    for loop in what.access.loops:
        axis = axis_of(loop)
        if axis in along:
            axes[loop.var], met[axis] = along[axis], True
    for axis, is_met in met.items():
        if not is_met:
            axes[Var(axis)] = along[axis]
    values = IndexValues(axes, {})
    shape = (*extents.values(), z, y, x, *(1,) * (len(axes) - first - 3))
    takes_part: Any = _holds(values, limits)
    for axis, is_met in met.items():
        if not is_met:  # one thread alone runs what no thread axis is around
            only = next(v for v, place in axes.items() if place == along[axis])
            takes_part = np.logical_and(takes_part, np.equal(values.of(only), 0))
    cases = prod(extents.values())
    lanes = (cases, launch.warps * WARP)
    offsets, is_active = np.zeros(lanes, np.int64), np.zeros(lanes, np.bool_)
    threads = launch.threads
    offsets[:, :threads] = np.broadcast_to(values.of(part), shape).reshape(cases, threads)
    is_active[:, :threads] = np.broadcast_to(takes_part, shape).reshape(cases, threads)
    whole = (cases, launch.warps, WARP)
    return offsets.reshape(whole), is_active.reshape(whole)


def _holds(values: IndexValues, limits: Iterable[Limit]) -> Any:
    happens: Any = np.True_
    for limit in limits:
        happens = np.logical_and(happens, np.equal(values.of(limit.condition), limit.holds))
    return happens
