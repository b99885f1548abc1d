"""Whether a nest does what an instruction does, and on which tiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tvmlab.arith.linear import Linear, atom_expr
from tvmlab.arith.simplify import linear
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Binary, Call, Cast, Const, Expr, Select, Var
from tvmlab.ir.instruction import Instruction
from tvmlab.ir.program import For, Region, Stmt, Store
from tvmlab.ir.shapes import same_extent
from tvmlab.ir.walk import operands, stmts, substitute, variables

COMMUTATIVE = ("+", "*", "min", "max", "&", "|", "^")


@dataclass
class _Match:
    """How an instruction's variables and buffers correspond to a nest's.

    Attributes:
        loops: for each iteration variable of the instruction the loop that runs it.
        accesses: for each buffer of the instruction the element of a buffer accessed in its place.
    """

    loops: dict[Var, Var] = field(default_factory=dict)
    accesses: dict[Buffer, Load] = field(default_factory=dict)

    def copy(self) -> _Match:
        """A match that can be extended without changing this one."""
        return _Match(dict(self.loops), dict(self.accesses))


def find_match(
    instruction: Instruction, loops: Sequence[For], body: Stmt, init: Stmt | None
) -> dict[Buffer, Region] | str:
    """The tiles on which a nest does what an instruction does; or why it does not.

    Args:
        instruction: what is looked for.
        loops: those of the nest, outermost first.
        body: what is inside them.
        init: how the result's tile is initialised, if it is.
    """
    pattern = instruction.block
    if not isinstance(pattern.body, Store) or not isinstance(body, Store):
        return "the block does not store one value"
    local = {loop.var for loop in loops}
    match = _Match()
    written = Load(body.buffer, body.indices)
    if not _access(match, Load(pattern.body.buffer, pattern.body.indices), written, local):
        return f"{body.buffer.name} is not written as {instruction.name} writes its result"
    if not _same(match, pattern.body.value, body.value, local):
        return f"the block computes something else than {instruction.name}"
    extents = {loop.var: loop.extent for loop in loops}
    for it in pattern.iters:
        loop = match.loops.get(it.var)
        if loop is None or not same_extent(extents[loop], it.extent):
            given = "missing" if loop is None else f"{extents[loop]} long"
            return f"{instruction.name} runs {it.extent} steps where a loop is {given}"
    if len(loops) != len(pattern.iters):
        return f"{instruction.name} has {len(pattern.iters)} loops, and {len(loops)} are inside"
    if init is not None and _first_value(pattern.init) != _first_value(init):
        return f"{instruction.name} does not start from the block's first value"
    return {buffer: _tile(buffer, load, local) for buffer, load in match.accesses.items()}


def _first_value(init: Stmt | None) -> object:
    """The constant that an initialisation stores; None if there is none."""
    stored = [s.value for s in stmts(init) if isinstance(s, Store)] if init is not None else []
    return stored[0].value if len(stored) == 1 and isinstance(stored[0], Const) else None


def _tile(pattern: Buffer, load: Load, local: set[Var]) -> Region:
    """The elements accessed in the place of all those of `pattern`."""
    first: Mapping[Var, Expr] = {v: Const(0, INDEX) for v in local}
    starts = [linear(substitute(i, first), {}).expr() for i in load.indices]
    lead = len(starts) - len(pattern.shape)
    return Region(load.buffer, list(zip(starts, (1,) * lead + pattern.shape, strict=True)))


def _same(match: _Match, pattern: Expr, actual: Expr, local: set[Var]) -> bool:
    """Whether `actual` computes what `pattern` does; extends the match."""
    if type(pattern) is not type(actual) or pattern.dtype != actual.dtype:
        return False
    if isinstance(pattern, Const) and isinstance(actual, Const):
        return pattern.value == actual.value
    if isinstance(pattern, Load) and isinstance(actual, Load):
        return _access(match, pattern, actual, local)
    if isinstance(pattern, Binary) and isinstance(actual, Binary):
        if pattern.op != actual.op:
            return False
        if pattern.op in COMMUTATIVE:
            swapped = match.copy()
            if _same(swapped, pattern.a, actual.a, local) and _same(
                swapped, pattern.b, actual.b, local
            ):
                match.loops, match.accesses = swapped.loops, swapped.accesses
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


def _access(match: _Match, pattern: Load, actual: Load, local: set[Var]) -> bool:
    """Whether an element is reached alike: each index one local loop, stride one."""
    known = match.accesses.setdefault(pattern.buffer, actual)
    if known.buffer is not actual.buffer or not _same_place(known, actual):
        return False
    lead = len(actual.indices) - len(pattern.indices)
    if pattern.dtype != actual.dtype or lead < 0:
        return False
    if any(_local(linear(i, {}), local) for i in actual.indices[:lead]):
        return False
    for wanted, index in zip(pattern.indices, actual.indices[lead:], strict=True):
        found = _local(linear(index, {}), local)
        if not isinstance(wanted, Var) or len(found) != 1:
            return False
        ((loop, coefficient),) = found.items()
        if coefficient != 1 or match.loops.setdefault(wanted, loop) is not loop:
            return False
    return len(set(map(id, match.loops.values()))) == len(match.loops)


def _same_place(a: Load, b: Load) -> bool:
    pairs = zip(a.indices, b.indices, strict=True)
    return all(linear(x, {}).key() == linear(y, {}).key() for x, y in pairs)


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
