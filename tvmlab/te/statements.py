"""The NumPy reference of statements: one element at a time, each with the error it may have."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

import numpy as np

from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Binary, Call, Cast, Const, Expr, Select, Var
from tvmlab.ir.program import For, If, Seq, Stmt, Store
from tvmlab.te.bounded import Bounded, binary, choose, convert
from tvmlab.te.function_bounds import apply


class Statements:
    """Runs statements over arrays; `known` has the elements of every buffer and their errors."""

    def __init__(self, known: Mapping[Buffer, Bounded], result: Buffer) -> None:
        is_float = dtypes.is_float(result.dtype)
        self.value = np.zeros(result.extents, np.float64 if is_float else result.dtype)
        self.error = np.full(result.extents, inf)
        self.known = {**known, result: Bounded(self.value, self.error, result.dtype)}
        self.at: dict[Var, int] = {}

    def run(self, s: Stmt, is_doubtful: bool = False) -> None:
        """Change the result as `s` does; by nothing known, where it is doubtful whether it runs."""
        if isinstance(s, For):
            assert isinstance(s.extent, int)
            for n in range(s.extent):
                self.at[s.var] = n
                self.run(s.body, is_doubtful)
        elif isinstance(s, Seq):
            for part in s.stmts:
                self.run(part, is_doubtful)
        elif isinstance(s, If):
            self.branch(s, is_doubtful)
        else:
            assert isinstance(s, Store)
            at, is_elsewhere = self.place(s.buffer, s.indices)
            value = self.expr(s.value)
            self.value[at] = value.value
            self.error[at] = inf if is_doubtful else value.error
            if is_elsewhere:
                self.error.fill(inf)

    def branch(self, s: If, is_doubtful: bool) -> None:
        """The side that the condition chooses, or both if it hangs on a rounded float."""
        condition = self.expr(s.condition)
        is_doubtful = is_doubtful or bool(np.any(condition.error))
        taken, other = (s.then, s.otherwise) if condition.value.all() else (s.otherwise, s.then)
        for side in (other, taken) if is_doubtful else (taken,):
            if side is not None:
                self.run(side, is_doubtful)

    def place(self, buffer: Buffer, indices: tuple[Expr, ...]) -> tuple[tuple[int, ...], bool]:
        """Where an element is, and whether it may as well be another.

        One outside is undefined, and taken at the border.
        """
        found = [self.expr(i) for i in indices]
        inside = zip((int(i.value.item()) for i in found), buffer.extents, strict=True)
        at = tuple(min(max(i, 0), n - 1) for i, n in inside)
        return at, any(bool(np.any(i.error)) for i in found)

    def expr(self, e: Expr) -> Bounded:
        """One number and its error."""
        if isinstance(e, Const):
            return Bounded(np.asarray(e.value).astype(e.dtype), 0.0, e.dtype)
        if isinstance(e, Var):
            return Bounded(np.asarray(self.at[e]), 0.0, e.dtype)
        if isinstance(e, Load):
            tensor, (at, is_elsewhere) = self.known[e.buffer], self.place(e.buffer, e.indices)
            error = tensor.error if isinstance(tensor.error, float) else float(tensor.error[at])
            return Bounded(np.asarray(tensor.value[at]), inf if is_elsewhere else error, e.dtype)
        if isinstance(e, Binary):
            return binary(e.op, self.expr(e.a), self.expr(e.b))
        if isinstance(e, Select):
            return choose(self.expr(e.condition), self.expr(e.a), self.expr(e.b))
        if isinstance(e, Call):
            return apply(e.function, tuple(self.expr(a) for a in e.args))
        assert isinstance(e, Cast), f"{type(e).__name__} is no expression of a statement"
        return convert(e.dtype, self.expr(e.value))
