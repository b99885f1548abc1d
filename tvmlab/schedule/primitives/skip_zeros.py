"""Skip zeros: the terms of a sum that a factor makes zero under a condition are left out.

Other systems: oneDNN and cuDNN leave out the taps of a window that lie beside the image.

Legal for a block that adds up products with a factor `select(c, a, 0)`, where zero times the other
factors is zero: integers, numbers, and inputs that are promised to be finite
(`t.placeholder(..., finite=True)`). Zero times infinity is NaN, which the sum may not lose.

The condition is then one on the whole term. Lowering skips what it leaves out where it can be told
from the loops: iterations, statements of unrolled code, whole tiles of a loop.

Before:

    for i in range(8):
        for k in range(3):
            with block("B", vi=i, vk=reduce(k)):
                with init():
                    B[vi] = 0.0
                B[vi] = B[vi] + select(vi + vk < 8, A[vi + vk], 0.0) * W[vk]

After `s["B"].skip_zeros()`:

    for i in range(8):
        for k in range(3):
            with block("B", vi=i, vk=reduce(k)):
                with init():
                    B[vi] = 0.0
                B[vi] = B[vi] + select(vi + vk < 8, A[vi + vk] * W[vk], 0.0)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from math import isfinite

from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Load
from tvmlab.ir.expr import Binary, Cast, Const, Expr, Select, cast
from tvmlab.ir.fold import fold_of
from tvmlab.ir.program import Block, For, Program, Store
from tvmlab.schedule.find import Site, exchange
from tvmlab.schedule.step import Step


@dataclass(frozen=True)
class SkipZeros(Step):
    """Leave out the terms of the block's sum that a condition makes zero."""

    name = "skip_zeros"
    group = "reduction"
    summary = "leave out the terms that a condition makes zero"
    example = "skip_zeros()"

    def require(self, program: Program) -> None:
        """A sum of products, a factor that may be zero, and others that keep it zero."""
        block = self.site(program).block
        self.require_settled(program, block)
        factors = _factors(block)
        at = _chosen(factors)
        if at is None:
            raise self.refuse(
                "",
                f"{self.block} adds up no products with a factor select(condition, value, 0)",
                "compute_inline the block that chooses between a value and zero",
            )
        others = [f for n, f in enumerate(factors) if n != at]
        unsure = next((f for f in others if not _keeps_zero(f)), None)
        if unsure is not None:
            name = unsure.buffer.name if isinstance(unsure, Load) else "a factor"
            raise self.refuse(
                "",
                f"0 * {name} is NaN where {name} is infinite, which cannot be excluded",
                "make inputs whose elements are finite with finite=True, and skip_zeros before "
                "they are copied",
            )
        if at > 1 and dtypes.is_float(factors[at].dtype):
            raise self.refuse(
                "",
                "the product of the factors before the one that may be zero may be infinite",
                "say the factor that may be zero first",
            )

    def apply(self, program: Program) -> Program:
        """The condition of the factor around the product."""
        block = self.site(program).block
        factors = _factors(block)
        at = _chosen(factors)
        update = block.body
        assert at is not None, "checked before"
        assert isinstance(update, Store)
        assert isinstance(update.value, Binary)
        choice = factors[at]
        assert isinstance(choice, Select)
        product = reduce(_times, [*factors[:at], choice.a, *factors[at + 1 :]])
        term = Select(choice.condition, product, choice.b)
        value = Binary("+", update.value.a, term)
        body = Store(update.buffer, update.indices, value, update.source)
        return exchange(program, block, block.replace(body=body))

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[SkipZeros]:
        """The block, asked for at its innermost loop."""
        if loop.body is site.block and _chosen(_factors(site.block)) is not None:
            yield cls(site.block.name)


def _factors(block: Block) -> list[Expr]:
    """The factors of what a block adds up, in order; none if it adds up no products."""
    update, fold = block.body, fold_of(block.body)
    if fold is None or not isinstance(update, Store) or not isinstance(update.value, Binary):
        return []
    found = list(_flat(update.value.b)) if update.value.op == "+" else []
    return found if len(found) > 1 else []


def _flat(e: Expr) -> Iterator[Expr]:
    """The factors of products that are multiplied from the left."""
    if isinstance(e, Binary) and e.op == "*":
        yield from _flat(e.a)
        yield _converted(e.b)
    else:
        yield _converted(e)


def _converted(e: Expr) -> Expr:
    """A choice that is converted, as a choice between what is converted."""
    if isinstance(e, Cast) and isinstance(e.value, Select):
        choice = e.value
        return Select(choice.condition, cast(e.dtype, choice.a), cast(e.dtype, choice.b))
    return e


def _times(a: Expr, b: Expr) -> Expr:
    return Binary("*", a, b)


def _chosen(factors: list[Expr]) -> int | None:
    """Which factor is a value or, where a condition does not hold, zero."""
    for n, e in enumerate(factors):
        if isinstance(e, Select) and isinstance(e.b, Const) and e.b.value == 0:
            return n
    return None


def _keeps_zero(e: Expr) -> bool:
    """Whether zero times a factor is zero for certain."""
    if not dtypes.is_float(e.dtype):
        return True
    if isinstance(e, Const):
        return isfinite(e.value)
    if isinstance(e, Select):
        return _keeps_zero(e.a) and _keeps_zero(e.b)
    if isinstance(e, Cast):
        is_wider = dtypes.size_bytes(e.dtype) > dtypes.size_bytes(e.value.dtype)
        return is_wider and _keeps_zero(e.value)
    return isinstance(e, Load) and e.buffer.finite
