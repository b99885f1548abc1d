"""What a reduction folds with: the function of an update, told from the update alone.

    C[i] = C[i] + A[i, k]                an operator of two values

    I_old = I[i]                         a function of two tuples of values
    V_old = V[i]
    I_new = k
    V_new = A[i, k]
    I_mid = V_new > V_old
    I[i] = select(I_mid, I_new, I_old)
    V[i] = select(I_mid, V_new, V_old)

That the function is commutative and associative is known of the operators, and a promise of the
user's of every other (`tvmlab.te.reducers`): no other program names its terms so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.equality import expr_key, same
from tvmlab.ir.expr import Binary, Const, Expr, Var
from tvmlab.ir.local import Local
from tvmlab.ir.names import fresh_names
from tvmlab.ir.program import Block, Let, Region, Seq, Stmt, Store
from tvmlab.ir.walk import exprs, rewrite_expr, substitute, variables

OPERATORS = ("+", "*", "min", "max")

Values = tuple[Expr, ...]


@dataclass(frozen=True)
class Fold:
    """`targets = combine(targets, terms)`, every right-hand side from the old values.

    Attributes:
        targets: the elements folded into.
        terms: what is folded into each.
        left, right: what stands for two values that are combined.
        results: the combined values, over `left` and `right`.
        is_named: whether the update names what it combines; else it is one operator.
    """

    targets: tuple[Load, ...]
    terms: Values
    left: tuple[Local, ...]
    right: tuple[Local, ...]
    results: Values
    is_named: bool

    @property
    def buffers(self) -> tuple[Buffer, ...]:
        """The buffers folded into."""
        return tuple(t.buffer for t in self.targets)

    def combine(self, a: Values, b: Values) -> Values:
        """Two tuples of values as one."""
        values: dict[Var, Expr] = dict(zip((*self.left, *self.right), (*a, *b), strict=True))
        return tuple(substitute(r, values) for r in self.results)

    def update(self, targets: Sequence[Load], terms: Values, source: str | None) -> Stmt:
        """The update that folds `terms` into `targets`."""
        if not self.is_named:
            return stores(targets, self.combine(tuple(targets), terms), source)
        taken = [v.name for e in (*targets, *terms) for v in variables(e)]
        wanted = [f"{t.buffer.name}_{w}" for w in ("old", "new") for t in targets]
        names = fresh_names(taken, wanted)
        named = [Local(n, e.dtype) for n, e in zip(names, (*targets, *terms), strict=True)]
        half = len(targets)
        results = self.combine(tuple(named[:half]), tuple(named[half:]))
        alike, results = shared(results, f"{targets[0].buffer.name}_mid", (*taken, *names))
        body = let([v for v, _ in alike], [e for _, e in alike], stores(targets, results, source))
        return let(named, (*targets, *terms), body)


def shared(
    results: Values, name: str, taken: Sequence[str]
) -> tuple[list[tuple[Local, Expr]], Values]:
    """What several of `results` compute alike, by names, the largest first; and what is left."""
    found: list[tuple[Local, Expr]] = []
    while True:
        parts = [
            {expr_key(e): e for e in exprs(r) if not isinstance(e, (Var, Const))} for r in results
        ]
        counts = Counter(key for part in parts for key in part)
        alike = [e for part in parts for key, e in part.items() if counts[key] > 1]
        if not alike:
            return found, results
        largest = max(alike, key=lambda e: sum(1 for _ in exprs(e)))
        names = fresh_names((*taken, *(v.name for v, _ in found)), [name])
        var, key = Local(names[0], largest.dtype, largest.lanes), expr_key(largest)
        found.append((var, largest))
        results = tuple(_replaced(r, key, var) for r in results)


def _replaced(e: Expr, key: Hashable, var: Local) -> Expr:
    return rewrite_expr(e, lambda x: var if expr_key(x) == key else None)


def stores(targets: Sequence[Load], values: Values, source: str | None) -> Stmt:
    """Each value to its element."""
    made = [Store(t.buffer, t.indices, v, source) for t, v in zip(targets, values, strict=True)]
    return made[0] if len(made) == 1 else Seq(made)


def let(named: Sequence[Local], values: Sequence[Expr], body: Stmt) -> Stmt:
    """`body` with names for values."""
    for var, value in zip(reversed(named), reversed(values), strict=True):
        body = Let(var, value, body)
    return body


def results_of(update: Stmt) -> tuple[Store, ...]:
    """The stores that give a block's results, one each; none if its body is of another form."""
    while isinstance(update, Let):
        update = update.body
    parts = update.stmts if isinstance(update, Seq) else (update,)
    written = tuple(s for s in parts if isinstance(s, Store))
    return written if len(written) == len(parts) else ()


def fold_of(update: Stmt) -> Fold | None:
    """What an update folds with, or None if it is no fold of that form."""
    written = results_of(update)
    if not written:
        return None
    named: list[Let] = []
    while isinstance(update, Let):
        named.append(update)
        update = update.body
    targets = tuple(Load(s.buffer, s.indices) for s in written)
    if not named:
        return _operator(targets, written)
    count = len(written)
    left, right, shared = named[:count], named[count : 2 * count], named[2 * count :]
    if len(right) != count or len({t.buffer for t in targets}) != count:
        return None
    own = {n.var for n in named}
    inlined: dict[Var, Expr] = {}
    for n in shared:
        inlined[n.var] = substitute(n.value, inlined)
    results = tuple(substitute(s.value, inlined) for s in written)
    is_fold = all(same(n.value, t) for n, t in zip(left, targets, strict=True))
    is_fold = is_fold and not any(_touches(n.value, targets, own) for n in right)
    is_fold = is_fold and not any(_touches(i, targets, own) for t in targets for i in t.indices)
    is_fold = is_fold and all(_is_over(r, own) for r in results)
    if not is_fold:
        return None
    return Fold(
        targets,
        tuple(n.value for n in right),
        tuple(n.var for n in left),
        tuple(n.var for n in right),
        results,
        True,
    )


def _operator(targets: tuple[Load, ...], written: Sequence[Store]) -> Fold | None:
    """The fold `target = target op term`."""
    value = written[0].value
    if len(written) != 1 or not isinstance(value, Binary) or value.op not in OPERATORS:
        return None
    if not same(value.a, targets[0]) or _touches(value.b, targets, set()):
        return None
    x, y = Local("x", value.dtype, value.a.lanes), Local("y", value.dtype, value.b.lanes)
    return Fold(targets, (value.b,), (x,), (y,), (Binary(value.op, x, y),), False)


def _touches(e: Expr, targets: Sequence[Load], named: set[Local]) -> bool:
    """Whether an expression depends on what is folded into, or on a named value."""
    buffers = {t.buffer for t in targets}
    return any(
        (isinstance(x, Load) and x.buffer in buffers) or (isinstance(x, Local) and x in named)
        for x in exprs(e)
    )


def _is_over(e: Expr, named: set[Local]) -> bool:
    """Whether an expression is over named values alone."""
    return not any(isinstance(x, Load) for x in exprs(e)) and variables(e) <= named


def points(targets: Sequence[Load]) -> tuple[Region, ...]:
    """The regions of single elements."""
    return tuple(Region(t.buffer, [(i, 1) for i in t.indices]) for t in targets)


def identities(block: Block) -> tuple[Const, ...] | None:
    """The numbers that a block's fold starts from, one for each target; None if they are not so."""
    fold = fold_of(block.body)
    init = block.init
    parts = init.stmts if isinstance(init, Seq) else (init,)
    starts = {s.buffer: s.value for s in parts if isinstance(s, Store)}
    if fold is None or len(starts) != len(parts):
        return None
    found = [starts.get(b) for b in fold.buffers]
    numbers = tuple(n for n in found if isinstance(n, Const))
    return numbers if len(numbers) == len(found) else None
