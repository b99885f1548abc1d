"""Statements, buffers and programs. Their meaning is written in `tvmlab.ir`."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, ClassVar

from tvmlab.ir.buffer import Buffer, Extent
from tvmlab.ir.expr import Const, Expr, Var
from tvmlab.ir.local import Local

LOOP_KINDS = ("serial", "parallel", "vectorized", "unrolled", "bound", "tree")
LANES = ("vectorized", "tree")
"""Kinds of loops whose iterations are the lanes of vectors."""
SCOPES = (
    "global",
    "shared",
    "warp",
    "local",
    "scratch.input",
    "scratch.weight",
    "scratch.accumulator",
    "register",
)
"""Where a buffer may be stored; `tvmlab.ir` says what each means."""

Annotation = tuple[str, str | int | tuple[int, ...]]
"""What a loop carries beside its kind: a name and plain data."""


class Region:
    """A box of `buffer`: in each dimension `extent` elements from `start`."""

    __slots__ = ("buffer", "bounds")

    def __init__(self, buffer: Buffer, bounds: Iterable[tuple[Expr, Extent]]) -> None:
        self.buffer = buffer
        self.bounds = tuple(bounds)


class Iter:
    """A block's iteration variable over 0 .. extent - 1; `kind` is spatial or reduce."""

    __slots__ = ("var", "extent", "kind")

    def __init__(self, var: Var, extent: Extent, kind: str = "spatial") -> None:
        self.var = var
        self.extent = extent
        self.kind = kind

    @property
    def is_reduce(self) -> bool:
        """Whether the variable ranges over contributions to one element."""
        return self.kind == "reduce"


class Stmt:
    """A statement.

    Attributes:
        facts: what is known about it: see `tvmlab.ir.facts`.
    """

    __slots__ = ("facts",)

    facts: dict[tuple[Hashable, ...], Any]


class For(Stmt):
    """`body` for each value of `var` from 0 below `extent`, in the manner of `kind`."""

    __slots__ = ("var", "extent", "body", "kind", "annotations")

    def __init__(
        self,
        var: Var,
        extent: Extent,
        body: Stmt,
        kind: str = "serial",
        annotations: tuple[Annotation, ...] = (),
    ) -> None:
        self.var = var
        self.extent = extent
        self.body = body
        self.kind = kind
        self.annotations = annotations

    def replace(
        self,
        *,
        var: Var | None = None,
        extent: Extent | None = None,
        body: Stmt | None = None,
        kind: str | None = None,
        annotations: tuple[Annotation, ...] | None = None,
    ) -> For:
        """This loop with the given parts exchanged."""
        return For(
            self.var if var is None else var,
            self.extent if extent is None else extent,
            self.body if body is None else body,
            self.kind if kind is None else kind,
            self.annotations if annotations is None else annotations,
        )


class Block(Stmt):
    """A unit of computation isolated from the loops around it; see `tvmlab.ir`."""

    __slots__ = ("name", "iters", "bindings", "where", "reads", "writes", "init", "body")

    def __init__(
        self,
        name: str,
        iters: Iterable[Iter],
        bindings: Iterable[Expr],
        where: Expr,
        reads: Iterable[Region],
        writes: Iterable[Region],
        init: Stmt | None,
        body: Stmt,
    ) -> None:
        self.name = name
        self.iters = tuple(iters)
        self.bindings = tuple(bindings)
        self.where = where
        self.reads = tuple(reads)
        self.writes = tuple(writes)
        self.init = init
        self.body = body

    def replace(self, **parts: Any) -> Block:
        """This block with the given parts exchanged, by their names."""
        every: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        assert parts.keys() <= every.keys(), f"a block has no {parts.keys() - every.keys()}"
        return Block(**{**every, **parts})


class Seq(Stmt):
    """Statements in order."""

    __slots__ = ("stmts",)

    def __init__(self, stmts: Iterable[Stmt]) -> None:
        self.stmts = tuple(stmts)


class If(Stmt):
    """`then` where `condition` holds, else `otherwise` (None: nothing)."""

    __slots__ = ("condition", "then", "otherwise")

    def __init__(self, condition: Expr, then: Stmt, otherwise: Stmt | None = None) -> None:
        self.condition = condition
        self.then = then
        self.otherwise = otherwise


class Allocate(Stmt):
    """`buffer`, uninitialised, alive in `body` (lowered programs only)."""

    __slots__ = ("buffer", "body")

    def __init__(self, buffer: Buffer, body: Stmt) -> None:
        self.buffer = buffer
        self.body = body


class Let(Stmt):
    """`body`, with `var` standing for what `value` was before it."""

    __slots__ = ("var", "value", "body")

    def __init__(self, var: Local, value: Expr, body: Stmt) -> None:
        self.var = var
        self.value = value
        self.body = body


class Store(Stmt):
    """`buffer[indices] = value`.

    `source` names the block the statement came from, so that emitted code leads back to the
    line of the scheduled program, its expression and its steps.
    """

    __slots__ = ("buffer", "indices", "value", "source")

    def __init__(
        self, buffer: Buffer, indices: tuple[Expr, ...], value: Expr, source: str | None = None
    ) -> None:
        self.buffer = buffer
        self.indices = indices
        self.value = value
        self.source = source


class Invoke(Stmt):
    """One execution of the hardware instruction `name` on `operands`, the results first.

    `body` is what it does, as loops over the same elements: whatever does not know the
    instruction may look at the body instead.
    """

    __slots__ = ("name", "operands", "body")

    def __init__(self, name: str, operands: Iterable[Region], body: Stmt) -> None:
        self.name = name
        self.operands = tuple(operands)
        self.body = body


class Prefetch(Stmt):
    """A hint that the element `buffer[indices]`, which need not exist, will soon be read."""

    __slots__ = ("buffer", "indices")

    def __init__(self, buffer: Buffer, indices: tuple[Expr, ...]) -> None:
        self.buffer = buffer
        self.indices = indices


class Barrier(Stmt):
    """Every thread of a block comes here before any goes on, and sees what all wrote to `buffers`
    (lowered programs only).

    Before that it waits for the copies that it began, all but those of its last `pending` groups.
    """

    __slots__ = ("buffers", "pending")

    def __init__(self, buffers: Iterable[Buffer], pending: int = 0) -> None:
        self.buffers = tuple(buffers)
        self.pending = pending


class Commit(Stmt):
    """The copies that a thread has begun since the last one are a group (lowered programs only)."""

    __slots__ = ()


class Program:
    """A function over buffers.

    Attributes:
        name: the function's name.
        params: buffers handed in by the caller, inputs first.
        outputs: how many of the last params the program writes.
        buffers: intermediates, alive in the whole body, uninitialised at its start.
        body: the statement.
    """

    __slots__ = ("name", "params", "outputs", "buffers", "body")

    show: ClassVar[Callable[[Program], str]]
    """The printer, set by `tvmlab.ir.printer`: nodes know nothing about text."""

    def __init__(
        self,
        name: str,
        params: Iterable[Buffer],
        outputs: int,
        buffers: Iterable[Buffer],
        body: Stmt,
    ) -> None:
        self.name = name
        self.params = tuple(params)
        self.outputs = outputs
        self.buffers = tuple(buffers)
        self.body = body

    def with_body(self, body: Stmt) -> Program:
        """This program with another body."""
        return Program(self.name, self.params, self.outputs, self.buffers, body)

    def __str__(self) -> str:
        return type(self).show(self)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """What stands below a notebook's cell that ends with it."""
        text = str(self)
        return {"text/plain": text, "text/x-tvmlab-loops": text}


TRUE = Const(1, "bool")
"""The predicate that always holds."""
