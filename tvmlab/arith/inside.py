"""What a well-formed program keeps inside: indices in their buffers, bindings in their extents."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import NamedTuple

from tvmlab.arith.bounds import Interval, bounds
from tvmlab.arith.limits import Limit, limits_of
from tvmlab.arith.polynomial import Reach, interval_of
from tvmlab.arith.simplify import extent_range, least, linear, loop_range, most
from tvmlab.errors import VerifyError
from tvmlab.ir.buffer import Buffer, Extent, Load
from tvmlab.ir.equality import same
from tvmlab.ir.expr import Const, Expr, Ramp, Select, Var
from tvmlab.ir.facts import kept_with_statement
from tvmlab.ir.program import Block, For, If, Let, Program, Stmt, Store
from tvmlab.ir.walk import (
    exprs,
    nests,
    operands,
    rewrite_expr,
    sub_stmts,
    variables,
)


class Claim(NamedTuple):
    """An index or binding that must be in `0 .. extent - 1`, with what is known where it stands."""

    what: str
    value: Expr
    extent: Extent
    ranges: dict[Var, Interval]
    limits: tuple[Limit, ...]

    def interval(self) -> Interval:
        """Least and greatest value, by the ranges and by each limit alone."""
        low, high = bounds(self.value, self.ranges)
        for limit in self.limits:
            low = max(low, least(self.value + limit.value, self.ranges) - limit.most)
        return low, min(high, self._most(self.value))

    def excess(self, weighs_limits: bool) -> Interval:
        """Least and greatest `value - extent`, by the ranges and, perhaps, by each limit."""
        if isinstance(self.extent, int):
            low, high = self.interval()
            return low - self.extent, high - self.extent
        over = self.value - self.extent
        low, high = bounds(over, self.ranges)
        return low, min(high, self._most(over)) if weighs_limits else high

    def is_plain(self) -> bool:
        """Whether the ranges alone prove it."""
        low, high = bounds(self.value, self.ranges)
        if isinstance(self.extent, int):
            return low >= 0 and high < self.extent
        return low >= 0 and most(self.value - self.extent, self.ranges) < 0

    def _most(self, value: Expr) -> float:
        """The greatest `value` by each limit alone."""
        high = inf
        for limit in self.limits:
            high = min(high, most(value - limit.value, self.ranges) + limit.most)
            high = min(high, self._under(limit, value))
        return high

    def _under(self, limit: Limit, value: Expr) -> float:
        """The greatest `value` by a limit whose side stands inside it, under a `//` perhaps."""
        side = limit.side
        if isinstance(side, (Var, Const)) or not any(same(e, side) for e in exprs(value)):
            return inf
        limited = Var("limited")
        last = linear(limit.other + limit.most, self.ranges)
        low, high = bounds(side, self.ranges)
        ranges = {**self.ranges, limited: Reach(low, min(high, interval_of(last, {})[1]), last)}
        return most(rewrite_expr(value, lambda e: limited if same(e, side) else None), ranges)


def verify_inside(program: Program, *, strict: bool = False) -> None:
    """Check what bounds can tell about a program's accesses and bindings.

    Args:
        strict: refuse also what cannot be proved to be inside, data-dependent indices apart.

    Raises:
        VerifyError: naming the first index or binding that is outside.
    """
    for nest in nests(program.body):
        _verify_nest(nest, strict)


@kept_with_statement
def _verify_nest(nest: Stmt, strict: bool) -> None:
    """Check one nest; what a step left as it was is known from before."""
    for claim in _claims(nest, {}, (), strict):
        _verify(claim, strict)


def _verify(claim: Claim, strict: bool) -> None:
    # Over sizes the limits cost much, and only tell what is surely inside.
    weighs_limits = strict or isinstance(claim.extent, int)
    if claim.is_plain():
        return
    low, high = claim.interval() if weighs_limits else bounds(claim.value, claim.ranges)
    if low > high:
        return  # the conditions around it contradict each other: never evaluated
    last = claim.extent - 1
    first_over, most_over = claim.excess(weighs_limits)
    if first_over >= 0 or high < 0:
        raise VerifyError(f"{claim.what} is {claim.value!r}, which is outside 0..{last}.")
    depends_on_data = any(isinstance(e, Load) for e in exprs(claim.value))
    if strict and not depends_on_data and (low < 0 or most_over >= 0):
        raise VerifyError(
            f"{claim.what} is {claim.value!r}, which may be {low:.0f} to {high:.0f}, outside "
            f"0..{last}."
        )


Known = tuple[tuple[Var, Interval | None], ...]
"""The values of some variables, as far as they are known."""


@kept_with_statement
def _verify_block(block: Block, known: Known, strict: bool) -> None:
    """Check a block below loops over `known`; what a step left as it was is known from before."""
    ranges = {var: reach for var, reach in known if reach is not None}
    for claim in _block_claims(block, ranges, (), strict):
        _verify(claim, strict)


@kept_with_statement
def _bound_by(block: Block) -> tuple[Var, ...]:
    """The variables outside `block` that its bindings, condition and extents are over."""
    extents = [it.extent for it in block.iters if isinstance(it.extent, Expr)]
    over = [variables(e) for e in (*block.bindings, block.where, *extents)]
    return tuple(set[Var]().union(*over))


def _claims(
    s: Stmt, ranges: dict[Var, Interval], limits: tuple[Limit, ...], strict: bool
) -> Iterator[Claim]:
    """The claims of a statement and those below it that are not yet known to hold; `ranges` grows
    with the loops entered."""
    if isinstance(s, For):
        ranges[s.var] = loop_range(s, ranges)
    elif isinstance(s, Store):
        yield from _access(s.buffer, s.indices, ranges, limits)
        yield from _reads(s.value, ranges, limits)
    elif isinstance(s, If):
        yield from _reads(s.condition, ranges, limits)
        if _may_be(s.condition, True):
            yield from _claims(s.then, ranges, (*limits, *limits_of(s.condition, True)), strict)
        if s.otherwise is not None and _may_be(s.condition, False):
            no = (*limits, *limits_of(s.condition, False))
            yield from _claims(s.otherwise, ranges, no, strict)
        return
    elif isinstance(s, Let):
        yield from _reads(s.value, ranges, limits)
    elif isinstance(s, Block):
        known = tuple((v, ranges.get(v)) for v in _bound_by(s))
        if limits or any(isinstance(reach, Reach) for _, reach in known):
            yield from _block_claims(s, ranges, limits, strict)
        else:
            _verify_block(s, known, strict)
        return
    for below in sub_stmts(s):
        yield from _claims(below, ranges, limits, strict)


def _block_claims(
    block: Block, ranges: dict[Var, Interval], limits: tuple[Limit, ...], strict: bool
) -> Iterator[Claim]:
    """The claims of a block and of what is inside, which knows nothing of the outside."""
    if not _may_be(block.where, True):
        return
    where = (*limits, *limits_of(block.where, True))
    for it, binding in zip(block.iters, block.bindings, strict=True):
        what = f"block {block.name}: the binding of {it.var.name}"
        yield Claim(what, binding, it.extent, ranges, where)
    inner = {it.var: extent_range(it.extent, ranges) for it in block.iters}
    for below in sub_stmts(block):
        yield from _claims(below, inner, (), strict)


def _reads(e: Expr, ranges: dict[Var, Interval], limits: tuple[Limit, ...]) -> Iterator[Claim]:
    """The claims of the loads in an expression; a side of a select is read under its condition."""
    if isinstance(e, Select):
        yield from _reads(e.condition, ranges, limits)
        for side, holds in ((e.a, True), (e.b, False)):
            if _may_be(e.condition, holds):
                yield from _reads(side, ranges, (*limits, *limits_of(e.condition, holds)))
        return
    if isinstance(e, Load):
        yield from _access(e.buffer, e.indices, ranges, limits)
    for below in operands(e):
        yield from _reads(below, ranges, limits)


def _access(
    buffer: Buffer,
    indices: tuple[Expr, ...],
    ranges: dict[Var, Interval],
    limits: tuple[Limit, ...],
) -> Iterator[Claim]:
    lanes = max((e.lanes for e in (*indices, *(limit.value for limit in limits))), default=1)
    if lanes > 1:
        ranges = {**ranges, _LANE: (0, lanes - 1)}
        limits = tuple(Limit(_in_a_lane(x.side), _in_a_lane(x.other), x.most) for x in limits)
    for n, (index, extent) in enumerate(zip(indices, buffer.shape, strict=True)):
        yield Claim(f"index {n} of {buffer.name}", _in_a_lane(index), extent, ranges, limits)


_LANE = Var("lane")


def _in_a_lane(e: Expr) -> Expr:
    """An expression over vectors as the scalar that it is in the lane `_LANE`."""
    if e.lanes == 1:
        return e
    return rewrite_expr(e, lambda x: x.base + _LANE if isinstance(x, Ramp) else None)


def _may_be(condition: Expr, holds: bool) -> bool:
    """Whether a condition can come out so: a decided one leaves a side that is never evaluated."""
    return not isinstance(condition, Const) or bool(condition.value) == holds
