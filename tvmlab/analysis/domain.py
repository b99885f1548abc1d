"""Whether a block acts in its whole domain: what may be made anew without its predicate."""

from __future__ import annotations

from tvmlab.arith.linear import Linear, Quotient
from tvmlab.arith.simplify import linear
from tvmlab.ir.conjuncts import conjuncts
from tvmlab.ir.expr import Binary, Expr
from tvmlab.ir.program import Block


def acts_in_whole_domain(block: Block) -> bool:
    """Whether the block's predicate surely leaves out only instances outside its domain.

    That is so of the predicates that splits leave, which say `binding < extent`, also before a
    division: `f < 15` where `f // 5` is bound to a variable of extent 3.
    """
    values = [(linear(b, {}), it.extent) for it, b in zip(block.iters, block.bindings, strict=True)]
    return all(
        any(_is_outside(c, value, extent) for value, extent in values)
        for c in conjuncts(block.where)
    )


def _is_outside(condition: Expr, value: Linear, extent: object) -> bool:
    """Whether a binding is outside its extent wherever the condition does not hold."""
    if not isinstance(condition, Binary) or condition.op not in ("<", ">="):
        return False
    left, right = linear(condition.a, {}), linear(condition.b, {})
    if condition.op == ">=":
        return not right.terms and right.constant <= 0 and left.key() == value.key()
    if left.key() == value.key():
        if not isinstance(extent, int):
            return isinstance(extent, Expr) and linear(extent, {}).key() == right.key()
        return not right.terms and right.constant >= extent
    atom = next(iter(value.terms), None)
    is_quotient = len(value.terms) == 1 and not value.constant and value.terms.get(atom) == 1  # type: ignore[arg-type]
    if not (is_quotient and isinstance(atom, Quotient) and atom.kind == "//"):
        return False
    if atom.total.key() != left.key() or right.terms or not isinstance(extent, int):
        return False
    return right.constant >= extent * atom.divisor
