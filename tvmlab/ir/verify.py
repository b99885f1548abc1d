"""Well-formedness: what every program holds after every step.

A program that fails here is a defect of tvmlab, not of its user: steps refuse before that. What
needs bounds of expressions (indices inside their buffers, bindings inside their extents) is
`tvmlab.arith.inside`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tvmlab.errors import VerifyError
from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Binary, Call, Cast, Expr, Ramp, Select, Var
from tvmlab.ir.facts import kept_with_statement
from tvmlab.ir.local import Local, Slice
from tvmlab.ir.operation import OPERATIONS
from tvmlab.ir.program import (
    LOOP_KINDS,
    SCOPES,
    Allocate,
    Barrier,
    Block,
    Commit,
    For,
    If,
    Invoke,
    Let,
    Prefetch,
    Program,
    Region,
    Seq,
    Stmt,
    Store,
)
from tvmlab.ir.shapes import bare_sizes
from tvmlab.ir.shuffle import is_shuffle
from tvmlab.ir.walk import blocks, nests, operands, sub_stmts, variables

_UNORDERED = ("parallel", "vectorized", "bound")


def verify(program: Program, *, scheduled: bool = True) -> None:
    """Check that `program` is well formed.

    Args:
        scheduled: whether steps still refer to its parts, so that loops and blocks must be told
            apart by their names. Lowering copies loops and divides blocks.

    Raises:
        VerifyError: naming the first thing that is not.
    """
    declared = [*program.params, *program.buffers]
    if len(set(declared)) != len(declared):
        raise VerifyError(f"program {program.name} declares a buffer twice.")
    if not 0 < program.outputs <= len(program.params):
        raise VerifyError(
            f"program {program.name} has {len(program.params)} parameters, and says that "
            f"{program.outputs} of them are outputs."
        )
    verifier = _Verifier(program, scheduled)
    for extent in (e for b in declared for e in b.shape):
        if isinstance(extent, Expr):
            verifier.typed(extent, dtypes.INDEX, "an extent of a buffer")
    if not scheduled or not _holds_by_nests(verifier):
        verifier.stmt(program.body)


class _Verifier:
    """Walks a program with what is in scope."""

    def __init__(self, program: Program, scheduled: bool) -> None:
        self.program = program
        self.scheduled = scheduled
        self.inputs = set(program.params[: len(program.params) - program.outputs])
        self.buffers: set[Buffer] = set()
        for buffer in (*program.params, *program.buffers):
            self.declare(buffer)
        self.sizes: set[Var] = set(bare_sizes(e for b in program.params for e in b.shape))
        self.scope: set[Var] = set(self.sizes)
        self.names: set[str] = set()
        self.seen: set[Var] = set()
        self.seen_blocks: set[str] = set()
        self.block: Block | None = None

    def fail(self, words: str) -> None:
        where = f"block {self.block.name}" if self.block else f"program {self.program.name}"
        raise VerifyError(f"{where}: {words}.")

    def declare(self, buffer: Buffer) -> None:
        if buffer.scope not in SCOPES or buffer.dtype not in dtypes.ALL:
            raise VerifyError(
                f"buffer {buffer.name} has the unknown scope {buffer.scope!r} or dtype "
                f"{buffer.dtype!r}."
            )
        if any(isinstance(e, int) and e < 1 for e in buffer.shape):
            raise VerifyError(f"buffer {buffer.name} has the shape {list(buffer.shape)}.")
        if buffer.swizzle & (buffer.swizzle - 1):
            raise VerifyError(
                f"rows of buffer {buffer.name} are swizzled in chunks of {buffer.swizzle} "
                "elements; chunks have a power of two."
            )
        self.buffers.add(buffer)

    def introduce(self, var: Var) -> None:
        """Every variable is made in one place (in lowered programs, once on a path)."""
        if var in (self.seen if self.scheduled else self.scope):
            self.fail(f"two loops or blocks share the variable {var.name}")
        if var.dtype != dtypes.INDEX and not isinstance(var, Local):
            self.fail(f"the variable {var.name} is {var.dtype}, not {dtypes.INDEX}")
        self.seen.add(var)

    # Statements

    def stmt(self, s: Stmt) -> None:
        if isinstance(s, For):
            self.loop(s)
            return
        if isinstance(s, Block):
            self.instance(s)
            return
        if isinstance(s, Let):
            self.let(s)
            return
        if isinstance(s, Store):
            self.store(s)
        elif isinstance(s, If):
            self.typed(s.condition, "bool", "a condition")
            if s.condition.lanes > 1 and s.otherwise is not None:
                self.fail("a condition over lanes has an else")
        elif isinstance(s, Prefetch):
            if self.scheduled:
                self.fail("only lowered programs prefetch")
            self.access(s.buffer, s.indices)
        elif isinstance(s, (Barrier, Commit)):
            if self.scheduled:
                self.fail("only lowered programs have barriers")
            for buffer in s.buffers if isinstance(s, Barrier) else ():
                self.declared(buffer)
        elif isinstance(s, Invoke):
            self.regions(s.operands)
        elif isinstance(s, Allocate):
            if s.buffer in self.buffers:
                self.fail(f"buffer {s.buffer.name} is declared twice")
            self.declare(s.buffer)
        for below in sub_stmts(s):
            self.stmt(below)
        if isinstance(s, Allocate):
            self.buffers.remove(s.buffer)

    def loop(self, s: For) -> None:
        name = s.var.name
        if s.kind not in LOOP_KINDS:
            self.fail(f"loop {name} is of the unknown kind {s.kind!r}")
        if isinstance(s.extent, Expr):
            self.typed(s.extent, dtypes.INDEX, f"the extent of loop {name}")
        elif s.extent < 1:
            self.fail(f"loop {name} has the extent {s.extent}")
        if self.scheduled and name in self.names:
            self.fail(f"two loops on one path are named {name}")
        self.introduce(s.var)
        if s.kind in _UNORDERED:
            self.carries_no_fold(s)
        if s.kind == "tree":
            self.carries_a_fold(s)
        self.names.add(name)
        self.scope.add(s.var)
        self.stmt(s.body)
        self.scope.remove(s.var)
        self.names.discard(name)

    def let(self, s: Let) -> None:
        name = s.var.name
        value = s.value
        if isinstance(value, Call) and is_shuffle(value):
            if self.scheduled:
                self.fail("only lowered programs have shuffles")
            self.typed(value.args[1], dtypes.INDEX, f"what {value.function} asks for")
            value = value.args[0]
        self.typed(value, s.var.dtype, f"the value of {name}")
        if s.value.lanes != s.var.lanes:
            self.fail(f"{name} has {s.var.lanes} lanes, and its value {s.value.lanes}")
        self.introduce(s.var)
        self.scope.add(s.var)
        self.stmt(s.body)
        self.scope.remove(s.var)

    def carries_no_fold(self, s: For) -> None:
        """Iterations that run in any order must not be contributions to one element."""
        for block in blocks(s.body):
            for it, binding in zip(block.iters, block.bindings, strict=False):
                if it.is_reduce and s.var in variables(binding):
                    self.fail(
                        f"loop {s.var.name} is {s.kind}, and block {block.name} folds over it"
                    )

    def carries_a_fold(self, s: For) -> None:
        """Iterations that are folded in any order must be contributions, and nothing else."""
        for block in blocks(s.body):
            for it, binding in zip(block.iters, block.bindings, strict=False):
                if not it.is_reduce and s.var in variables(binding):
                    self.fail(f"loop {s.var.name} is a tree, and names elements of {block.name}")

    def instance(self, s: Block) -> None:
        """A block: bindings and predicate see the loops, the inside its own variables only."""
        if self.scheduled and s.name in self.seen_blocks:
            self.fail(f"two blocks are named {s.name}")
        self.seen_blocks.add(s.name)
        outer, scope, names = self.block, self.scope, self.names
        self.block = s
        if len(s.iters) != len(s.bindings):
            self.fail(f"{len(s.iters)} iteration variables have {len(s.bindings)} bindings")
        self.typed(s.where, "bool", "the predicate")
        for it, binding in zip(s.iters, s.bindings, strict=True):
            self.typed(binding, dtypes.INDEX, f"the binding of {it.var.name}")
            self.introduce(it.var)
            if it.kind not in ("spatial", "reduce"):
                self.fail(f"{it.var.name} is of the unknown kind {it.kind!r}")
            if isinstance(it.extent, int) and it.extent < 1:
                self.fail(f"{it.var.name} has the extent {it.extent}")
        self.scope, self.names = {it.var for it in s.iters} | self.sizes, set()
        self.regions(s.reads)
        self.regions(s.writes)
        if s.init is not None:
            self.stmt(s.init)
        self.stmt(s.body)
        self.block, self.scope, self.names = outer, scope, names

    def regions(self, regions: Iterable[Region]) -> None:
        for region in regions:
            self.access(region.buffer, tuple([start for start, _ in region.bounds]))

    def store(self, s: Store) -> None:
        self.access(s.buffer, s.indices)
        self.typed(s.value, s.buffer.dtype, f"the value stored to {s.buffer.name}")
        self.written(s.buffer)
        if self.block and not any(r.buffer is s.buffer for r in self.block.writes):
            self.fail(f"{s.buffer.name} is written, and is not among the writes")

    def written(self, buffer: Buffer) -> None:
        if buffer in self.inputs:
            self.fail(f"the input {buffer.name} is written")

    # Expressions

    def unknown(self, var: Var) -> None:
        self.fail(f"{var.name} is used outside its loop or block")

    def declared(self, buffer: Buffer) -> None:
        if buffer not in self.buffers:
            self.fail(f"buffer {buffer.name} is used where it is not declared")

    def access(self, buffer: Buffer, indices: tuple[Expr, ...]) -> None:
        self.declared(buffer)
        if len(indices) != len(buffer.shape):
            self.fail(
                f"{buffer.name} has {len(buffer.shape)} dimensions and is used with {len(indices)}"
            )
        for index in indices:
            self.typed(index, dtypes.INDEX, f"an index of {buffer.name}")

    def typed(self, e: Expr, dtype: str, what: str) -> None:
        if e.dtype != dtype:
            self.fail(f"{what} is {e.dtype}, not {dtype}")
        self.expr(e)

    def expr(self, e: Expr) -> None:
        if isinstance(e, Var):
            if e not in self.scope:
                self.unknown(e)
            return
        if isinstance(e, Load):
            self.access(e.buffer, e.indices)
            block = self.block
            if block and not any(r.buffer is e.buffer for r in (*block.reads, *block.writes)):
                self.fail(f"{e.buffer.name} is read, and is not among the reads")
            return
        if isinstance(e, Binary):
            if e.a.dtype != e.b.dtype:
                self.fail(f"{e.op!r} joins {e.a.dtype} and {e.b.dtype}")
        elif isinstance(e, Select):
            if e.condition.dtype != "bool" or e.a.dtype != e.b.dtype:
                self.fail(f"a select has {e.condition.dtype}, {e.a.dtype} and {e.b.dtype}")
        elif isinstance(e, Call) and e.function in OPERATIONS:
            takes = OPERATIONS[e.function].takes
            if tuple(a.dtype for a in e.args) != takes or e.dtype != takes[0]:
                self.fail(f"{e.function} is given {[a.dtype for a in e.args]}")
        elif is_shuffle(e):
            self.fail("a shuffle is not all of a named value")
        elif isinstance(e, Cast):
            if e.dtype not in dtypes.ALL:
                self.fail(f"a value is cast to the unknown dtype {e.dtype!r}")
        elif isinstance(e, Ramp) and (e.base.lanes != 1 or e.lanes < 2):
            self.fail(f"a ramp of {e.lanes} lanes stands over {e.base.lanes}")
        elif isinstance(e, Slice):
            whole = e.value.lanes if isinstance(e.value, Local) else 1
            if not (e.start >= 0 and e.lanes >= 1 and e.start + e.lanes <= whole > 1):
                self.fail(f"lanes {e.start} to {e.start + e.lanes - 1} are taken of {whole}")
            self.expr(e.value)
            return
        below = operands(e)
        if e.lanes > 1 and any(o.lanes not in (1, e.lanes) for o in below):
            self.fail(f"vectors of {[o.lanes for o in below]} lanes meet")
        for o in below:
            self.expr(o)


class _Needs(NamedTuple):
    """What a nest that is well formed by itself needs of its program: that it declares `buffers`,
    that none that is `written` is an input, that `free` are sizes, and that no other nest has its
    variables or blocks."""

    buffers: frozenset[Buffer]
    written: frozenset[Buffer]
    free: frozenset[Var]
    variables: frozenset[Var]
    blocks: frozenset[str]


class _NestVerifier(_Verifier):
    """Walks a nest, and takes down what it needs of the program around it."""

    def __init__(self) -> None:
        super().__init__(Program("", (), 0, (), Seq(())), scheduled=True)
        self.stored: set[Buffer] = set()
        self.free: set[Var] = set()

    def unknown(self, var: Var) -> None:
        self.free.add(var)

    def declared(self, buffer: Buffer) -> None:
        self.buffers.add(buffer)

    def declare(self, buffer: Buffer) -> None:
        self.fail("what it declares may not be declared around it")

    def written(self, buffer: Buffer) -> None:
        self.stored.add(buffer)


@kept_with_statement
def _needs(nest: Stmt) -> _Needs | None:
    """What a nest needs; None where that cannot be said of it alone."""
    verifier = _NestVerifier()
    try:
        verifier.stmt(nest)
    except VerifyError:
        return None
    return _Needs(
        frozenset(verifier.buffers),
        frozenset(verifier.stored),
        frozenset(verifier.free),
        frozenset(verifier.seen),
        frozenset(verifier.seen_blocks),
    )


def _holds_by_nests(verifier: _Verifier) -> bool:
    """Whether a program is well formed by what is known of its nests; where it may not be, a walk
    through all of it finds what is wrong."""
    needs: list[_Needs] = []
    for nest in nests(verifier.program.body):
        need = _needs(nest)
        if need is None:
            return False
        needs.append(need)
    return (
        all(n.buffers <= verifier.buffers for n in needs)
        and all(verifier.inputs.isdisjoint(n.written) for n in needs)
        and all(n.free <= verifier.sizes for n in needs)
        and _are_apart([n.variables for n in needs])
        and _are_apart([n.blocks for n in needs])
    )


def _are_apart(sets: Sequence[frozenset[Var]] | Sequence[frozenset[str]]) -> bool:
    """Whether nothing is in two of them."""
    return len(frozenset[Var | str]().union(*sets)) == sum(map(len, sets))
