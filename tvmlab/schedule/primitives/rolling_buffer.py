"""Rolling buffer: a window that slides over an intermediate computes each element once.

Other systems: TVM `rolling_buffer`, Halide `store_root` with `compute_at` and `fold_storage`.

For a producer that compute_at put into a loop, and of which every iteration needs a window that
moves on by fewer elements than it has. The first window is begun before the loop, an iteration
computes only what the one before has not, and the buffer keeps the elements of one window: its
index is taken modulo their number.

Before:

    B = allocate(float32[8])
    for i in range(8):
        with block("B", vi=i):
            B[vi] = A[vi] + 1.0
    for i in range(6):
        with block("C", vi=i):
            C[vi] = B[vi] + B[vi + 1] + B[vi + 2]

After `s["B"].compute_at("C", "i"); s["B"].rolling_buffer("i")`:

    B = allocate(float32[3])
    for i in range(2):
        with block("B_first", vi=spatial(i, 8)):
            B[vi % 3] = A[vi] + 1.0
    for i in range(6):
        with block("B", vi=i + 2):
            B[vi % 3] = A[vi] + 1.0
        with block("C", vi=i):
            C[vi] = B[vi % 3] + B[(vi + 1) % 3] + B[(vi + 2) % 3]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tvmlab.analysis.regions import Box, Span, covers, touched
from tvmlab.arith import Interval
from tvmlab.arith.linear import Linear
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.expr import Expr, Var
from tvmlab.ir.program import Block, For, Iter, Program, Seq, Stmt, Store
from tvmlab.ir.walk import blocks, rewrite, substitute_stmt, variables
from tvmlab.schedule.copies import fresh_block_name
from tvmlab.schedule.find import Site, exchange, ranges_of
from tvmlab.schedule.nest import nest_over
from tvmlab.schedule.relocate import relocated
from tvmlab.schedule.step import Step, argument


@dataclass(frozen=True)
class _Window:
    """What an iteration needs: `box`, where `size` from `start` along `dimension`, `step` new."""

    buffer: Buffer
    box: Box
    dimension: int
    start: Linear
    size: int
    step: int

    def part(self, start: Linear, extent: int) -> Box:
        """The box with other elements along the dimension in which it moves."""
        return tuple(
            Span(start, extent) if n == self.dimension else span for n, span in enumerate(self.box)
        )


@dataclass(frozen=True)
class RollingBuffer(Step):
    """Compute in each iteration of `loop` only the elements that the one before has not."""

    name = "rolling_buffer"
    summary = "keep a sliding window, computing each element once"
    example = 'rolling_buffer("y")'
    group = "storage"
    loop: str = argument("loop", "the loop along which the window slides")

    def require(self, program: Program) -> None:
        """A window that moves on inside itself, made by a nest of the block's own."""
        site = self.site(program)
        loop = self.find_serial_loop(site, self.loop)
        target = self._target(site.block)
        self.intermediate(program, target.name)
        self.require_only_writer(program, site.block, target)
        self._require_own_nest(site, loop, target)
        inside = [b.name for b in blocks(loop.body)]
        for other in blocks(program.body):
            if other.name not in inside and target in [r.buffer for r in other.reads]:
                raise self.refuse(
                    self.loop,
                    f"{other.name} reads {target.name} outside loop {self.loop}",
                    f"choose a loop around all that reads {target.name}",
                )
        self._require_given(site.block, loop)
        self.require_domain(site.block)
        self._window(site, loop, target)

    def _target(self, block: Block) -> Buffer:
        """The buffer that the block stores over its own spatial variables, folds and all."""
        body = block.body
        spatial = [id(it.var) for it in block.iters if not it.is_reduce]
        if not isinstance(body, Store) or sorted(map(id, body.indices)) != sorted(spatial):
            raise self.refuse(
                "",
                f"{block.name} does not write one element for each of its indices",
                "choose a block that stores B[i, j, ...] over its own variables",
            )
        if block.init is None and len(spatial) < len(block.iters):
            raise self.refuse(
                "",
                f"the initialisation of {block.name} stands apart, and would not move with it",
                "rolling_buffer before decompose_reduction",
            )
        return body.buffer

    def _require_own_nest(self, site: Site, loop: For, target: Buffer) -> None:
        """The block's part of the loop is its own, comes first, and has no annotations yet."""
        nest = _nest_of(loop, site.block)
        shared = [b.name for b in blocks(nest) if b is not site.block]
        if shared:
            raise self.refuse(
                self.loop,
                f"{shared[0]} stands in the same loops inside {self.loop}",
                "choose the loop at which the block is computed",
            )
        inner = site.loops[site.loops.index(loop) + 1 :]
        marked = next((o for o in inner if o.kind != "serial" or o.annotations), None)
        if marked is not None:
            raise self.refuse(
                self.loop,
                f"the loop {marked.var.name} is annotated, and its nest is made anew",
                f"rolling_buffer first, then annotate {marked.var.name}",
            )
        parts = loop.body.stmts if isinstance(loop.body, Seq) else (loop.body,)
        for part in parts[: parts.index(nest)]:
            for other in blocks(part):
                if target in [r.buffer for r in other.reads]:
                    raise self.refuse(
                        self.loop,
                        f"{other.name} reads {target.name} before an iteration computes it",
                        "choose a loop in which it is computed first",
                    )

    def _require_given(self, block: Block, loop: For) -> None:
        """What the block reads is there before the loop begins."""
        read = [r.buffer for r in block.reads]
        for other in blocks(loop.body):
            made = next((w.buffer.name for w in other.writes if w.buffer in read), None)
            if made is not None and other is not block:
                raise self.refuse(
                    self.loop,
                    f"{other.name} computes {made} in that loop, too late for what precedes it",
                    f"compute {other.name} outside {self.loop}, or inline it",
                )

    def _window(self, site: Site, loop: For, target: Buffer) -> _Window:
        """The elements an iteration writes, and how they move from one to the next."""
        around = site.loops[: site.loops.index(loop) + 1]
        ranges = ranges_of(around)
        box = touched(loop.body, target, ranges, writes=True)
        read = touched(loop.body, target, ranges, writes=False)
        if box is None or read is None or not covers(box, read):
            raise self.refuse(
                self.loop,
                f"cannot prove that an iteration computes all it reads of {target.name}",
                f"compute_at the loop {self.loop} first",
            )
        moving = {n: _speed(span, loop.var) for n, span in enumerate(box)}
        found = [(n, speed) for n, speed in moving.items() if speed != 0]
        if len(found) == 1:
            ((dimension, step),) = found
            span = box[dimension]
            size = span.extent if span is not None else None
            if span is not None and step is not None and isinstance(size, int) and 0 < step < size:
                return _Window(target, box, dimension, span.start, size, step)
        raise self.refuse(
            self.loop,
            f"cannot prove that what an iteration needs of {target.name} slides along one "
            "dimension, forwards and by less than its size",
            f"choose a loop whose next iteration needs part of {target.name} again",
        )

    def apply(self, program: Program) -> Program:
        """What begins the window before the loop, what moves it inside, indices modulo its size."""
        site = self.site(program)
        loop = self.find_loop(site, self.loop)
        window = self._window(site, loop, self._target(site.block))
        around = site.loops[: site.loops.index(loop) + 1]
        start, size, step = window.start, window.size, window.step
        begin = {atom: factor for atom, factor in start.terms.items() if atom is not loop.var}
        first = window.part(Linear(begin, start.constant), size - step)
        new = window.part(start.plus(Linear({}, size - step)), step)
        name = fresh_block_name(program, f"{self.block}_first")
        before = _nest(_copy(site.block, name), first, around[:-1])
        nest = _nest_of(loop, site.block)
        moved = exchange(program, nest, _nest(site.block, new, around))
        inside = self.find_loop(self.site(moved), self.loop)
        moved = exchange(moved, inside, Seq([before, inside]))
        old = window.buffer
        shape = [size if n == window.dimension else extent for n, extent in enumerate(old.shape)]

        def place(indices: tuple[Expr, ...]) -> tuple[Expr, ...]:
            return tuple(i % size if n == window.dimension else i for n, i in enumerate(indices))

        return relocated(moved, old, old.replace(shape=shape), place)

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[RollingBuffer]:
        """The loop, where it also holds a reader of the block."""
        written = [w.buffer for w in site.block.writes]
        if any(r.buffer in written for b in blocks(loop.body) for r in b.reads):
            yield cls(site.block.name, loop.var.name)


def _nest_of(loop: For, block: Block) -> Stmt:
    """The statement directly in `loop` that holds the block."""
    parts = loop.body.stmts if isinstance(loop.body, Seq) else (loop.body,)
    return next(part for part in parts if any(b is block for b in blocks(part)))


def _speed(span: Span | None, var: Var) -> int | None:
    """By how much a span moves in an iteration; None where it is not by the same in each."""
    if span is None:
        return None
    terms = span.start.terms
    if any(var in variables(Linear({a: 1}, 0).expr()) for a in terms if a is not var):
        return None
    return terms.get(var, 0)


def _nest(block: Block, box: Box, around: tuple[For, ...]) -> Stmt:
    """Loops around the block that compute the elements of `box`."""
    assert isinstance(block.body, Store), "the block is one store"
    spans: Mapping[Var, Span | None] = {
        v: span for v, span in zip(block.body.indices, box, strict=True) if isinstance(v, Var)
    }
    ranges: dict[Var, Interval] = ranges_of(around)
    return nest_over(block, spans, ranges, [o.var.name for o in around])


def _copy(block: Block, name: str) -> Block:
    """The block once more, under another name and over variables of its own."""
    fresh: dict[Var, Expr] = {it.var: Var(it.var.name) for it in block.iters}

    def renamed(s: Stmt) -> Stmt | None:
        return Store(s.buffer, s.indices, s.value, name) if isinstance(s, Store) else None

    copy = rewrite(substitute_stmt(block.replace(bindings=(), iters=()), fresh), renamed)
    assert isinstance(copy, Block)
    iters = [
        Iter(v, it.extent, it.kind)
        for it in block.iters
        for v in [fresh[it.var]]
        if isinstance(v, Var)
    ]
    return copy.replace(name=name, iters=tuple(iters), bindings=block.bindings)
