"""Whether a nest does what an instruction does, and with which loops and elements."""

from __future__ import annotations

from dataclasses import dataclass, field

from tvmlab.arith.linear import Linear, atom_expr
from tvmlab.arith.simplify import linear
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Binary, Call, Cast, Const, Expr, Select, Var
from tvmlab.ir.instruction import Instruction
from tvmlab.ir.program import Block, For, Store
from tvmlab.ir.walk import operands, substitute, variables

COMMUTATIVE = ("+", "*", "min", "max")


@dataclass
class Match:
    """How an instruction's variables and buffers correspond to a block's.

    Attributes:
        loops: for each iteration variable of the instruction the loop that runs it.
        buffers: for each buffer of the instruction the block's.
    """

    loops: dict[Var, Var] = field(default_factory=dict)
    buffers: dict[Buffer, Buffer] = field(default_factory=dict)

    def copy(self) -> Match:
        """A match that can be extended without changing this one."""
        return Match(dict(self.loops), dict(self.buffers))


def find_match(instruction: Instruction, block: Block, inner: tuple[For, ...]) -> Match | str:
    """The correspondence of `block`, whose loops are `inner`, to an instruction; or why none."""
    pattern = instruction.block
    if not isinstance(pattern.body, Store) or not isinstance(block.body, Store):
        return "the block does not store one value"
    values: dict[Var, Expr] = {it.var: b for it, b in zip(block.iters, block.bindings, strict=True)}
    local = {loop.var for loop in inner}
    body = block.body
    match = Match()
    target = tuple(substitute(i, values) for i in body.indices)
    if not _access(match, pattern.body.buffer, pattern.body.indices, body.buffer, target, local):
        return f"{body.buffer.name} is not written as {instruction.name} writes its result"
    if not _same(match, pattern.body.value, substitute(body.value, values), local):
        return f"the block computes something else than {instruction.name}"
    extents = {loop.var: loop.extent for loop in inner}
    for it in pattern.iters:
        loop = match.loops.get(it.var)
        if loop is None or extents[loop] != it.extent:
            given = "missing" if loop is None else f"{extents[loop]} long"
            return f"{instruction.name} runs {it.extent} steps where a loop is {given}"
    if len(inner) != len(pattern.iters):
        return f"{instruction.name} has {len(pattern.iters)} loops, and {len(inner)} are inside"
    return match


def _same(match: Match, pattern: Expr, actual: Expr, local: set[Var]) -> bool:
    """Whether `actual` computes what `pattern` does; extends the match."""
    if type(pattern) is not type(actual) or pattern.dtype != actual.dtype:
        return False
    if isinstance(pattern, Const) and isinstance(actual, Const):
        return pattern.value == actual.value
    if isinstance(pattern, Load) and isinstance(actual, Load):
        return _access(match, pattern.buffer, pattern.indices, actual.buffer, actual.indices, local)
    if isinstance(pattern, Binary) and isinstance(actual, Binary):
        if pattern.op != actual.op:
            return False
        if pattern.op in COMMUTATIVE:
            swapped = match.copy()
            if _same(swapped, pattern.a, actual.a, local) and _same(
                swapped, pattern.b, actual.b, local
            ):
                match.loops, match.buffers = swapped.loops, swapped.buffers
                return True
            return _same(match, pattern.a, actual.b, local) and _same(
                match, pattern.b, actual.a, local
            )
    if isinstance(pattern, Call) and isinstance(actual, Call):
        if pattern.function != actual.function:
            return False
    elif not isinstance(pattern, (Binary, Cast, Select)):
        return False
    return all(
        _same(match, p, a, local) for p, a in zip(operands(pattern), operands(actual), strict=True)
    )


def _access(
    match: Match,
    pattern: Buffer,
    pattern_indices: tuple[Expr, ...],
    actual: Buffer,
    actual_indices: tuple[Expr, ...],
    local: set[Var],
) -> bool:
    """Whether an element is reached alike: each index one local loop, stride one."""
    if match.buffers.setdefault(pattern, actual) is not actual:
        return False
    if pattern.dtype != actual.dtype or len(actual_indices) < len(pattern_indices):
        return False
    lead = len(actual_indices) - len(pattern_indices)
    if any(_local(linear(i, {}), local) for i in actual_indices[:lead]):
        return False
    for wanted, index in zip(pattern_indices, actual_indices[lead:], strict=True):
        found = _local(linear(index, {}), local)
        if not isinstance(wanted, Var) or len(found) != 1:
            return False
        ((loop, coefficient),) = found.items()
        known = match.loops.setdefault(wanted, loop)
        if coefficient != 1 or known is not loop:
            return False
    return len(set(map(id, match.loops.values()))) == len(match.loops)


def _local(total: Linear, local: set[Var]) -> dict[Var, int]:
    """The coefficients of local loops in an index; a local loop under // or % counts as 0."""
    found: dict[Var, int] = {}
    for atom, coefficient in total.terms.items():
        if isinstance(atom, Var):
            if atom in local:
                found[atom] = coefficient
        else:
            found.update(dict.fromkeys(variables(atom_expr(atom)) & local, 0))
    return found
