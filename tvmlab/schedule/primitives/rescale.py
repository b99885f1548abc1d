"""Rescale: weights below a row's greatest value become weights below the greatest of their part.

Other systems: online softmax (Milakov and Gimelshein, 2018), FlashAttention (Dao et al., 2022).

A softmax needs the greatest value of a row before its first weight, and so all of the row. With
partial results, which `rfactor` makes of the greatest value and of every sum of weights, each part
takes its own greatest value n instead of m, and its sums are right but for a factor:

    exp((s - m) * c) = exp((s - n) * c) * exp((n - m) * c)

The blocks that fold partial sums then fold pairs, of a greatest value and a sum below it, and
rescale both sides. So no part needs another, and parts may follow each other in one loop.

Legal on a block that folds partial greatest values, which one block `exp(s - m)`, times a positive
number, converted or not, takes from what they are the greatest of; where all that reads these
weights are sums of products with one weight each, in as many partial results, of the same parts.
Floats are rounded in other places, which only this step and rfactor may do. An empty or masked part
counts from the lowest finite number, because minus infinity less itself is no number.

Before:

    M_partial = allocate(float16[8, 4])
    M = allocate(float16[8])
    E = allocate(float16[8, 64])
    B_partial = allocate(float16[8, 4])
    for i in range(8):
        for jo in range(4):
            for ji in range(16):
                with block("M_partial", vi=i, vjo=jo, vji=reduce(ji)):
                    with init():
                        M_partial[vi, vjo] = float16(-inf)
                    M_partial[vi, vjo] = max(M_partial[vi, vjo], A[vi, vjo * 16 + vji])
    for i in range(8):
        for jo in range(4):
            with block("M", vi=i, vjo=reduce(jo)):
                with init():
                    M[vi] = float16(-inf)
                M[vi] = max(M[vi], M_partial[vi, vjo])
    for i in range(8):
        for x in range(64):
            with block("E", vi=i, vx=x):
                E[vi, vx] = exp(A[vi, vx] - M[vi])
    for i in range(8):
        for jo in range(4):
            for ji in range(16):
                with block("B_partial", vi=i, vjo=jo, vji=reduce(ji)):
                    with init():
                        B_partial[vi, vjo] = float16(0.0)
                    B_partial[vi, vjo] = B_partial[vi, vjo] + E[vi, vjo * 16 + vji]
    for i in range(8):
        for jo in range(4):
            with block("B", vi=i, vjo=reduce(jo)):
                with init():
                    B[vi] = float16(0.0)
                B[vi] = B[vi] + B_partial[vi, vjo]

After `s["M"].rescale()`:

    M_partial = allocate(float16[8, 4])
    E = allocate(float16[8, 64])
    B_partial = allocate(float16[8, 4])
    B_max = allocate(float16[8])
    for i in range(8):
        for jo in range(4):
            for ji in range(16):
                with block("M_partial", vi=i, vjo=jo, vji=reduce(ji)):
                    with init():
                        M_partial[vi, vjo] = float16(-65504.0)
                    M_partial[vi, vjo] = max(M_partial[vi, vjo], A[vi, vjo * 16 + vji])
    for i in range(8):
        for x in range(64):
            with block("E", vi=i, vx=x):
                E[vi, vx] = exp(A[vi, vx] - M_partial[vi, vx // 16])
    for i in range(8):
        for jo in range(4):
            for ji in range(16):
                with block("B_partial", vi=i, vjo=jo, vji=reduce(ji)):
                    with init():
                        B_partial[vi, vjo] = float16(0.0)
                    B_partial[vi, vjo] = B_partial[vi, vjo] + E[vi, vjo * 16 + vji]
    for i in range(8):
        for jo in range(4):
            with block("B", vi=i, vjo=reduce(jo)):
                with init():
                    B_max[vi] = float16(-65504.0)
                    B[vi] = float16(0.0)
                B_max_old = B_max[vi]
                B_old = B[vi]
                B_max_new = M_partial[vi, vjo]
                B_new = B_partial[vi, vjo]
                B_max_mid = max(B_max_old, B_max_new)
                B_max[vi] = B_max_mid
                B[vi] = B_old * exp(B_max_old - B_max_mid) + B_new * exp(B_max_new - B_max_mid)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.equality import same
from tvmlab.ir.expr import Binary, Call, Cast, Const, Expr, Var, const, maximum
from tvmlab.ir.fold import Fold, fold_of, identities, points, stores
from tvmlab.ir.local import Local
from tvmlab.ir.program import Block, For, Program, Store
from tvmlab.ir.unsaid import regions
from tvmlab.ir.walk import exprs, rewrite, substitute
from tvmlab.schedule.copies import fresh_block_name
from tvmlab.schedule.definition import definition
from tvmlab.schedule.find import Site, exchange, remove, sites
from tvmlab.schedule.partial_results import PartialResults
from tvmlab.schedule.step import Step
from tvmlab.schedule.whole import require_whole


class _Weights(NamedTuple):
    """A block of weights: cast(exp((value - greatest) * scale)).

    Attributes:
        block: it.
        store: what it stores.
        value, greatest: as it loads them.
        scale: None where it has none.
        row: the dimension of what is stored along which there is one greatest value.
    """

    block: Block
    store: Store
    value: Load
    greatest: Load
    scale: Const | None
    row: int


class _Found(NamedTuple):
    """All that the step changes; of partial sums, where each finds its greatest value."""

    greatest: PartialResults
    weights: _Weights
    width: int
    sums: list[tuple[PartialResults, Load]]


@dataclass(frozen=True)
class Rescale(Step):
    """Weigh each part by its own greatest value, and rescale sums where parts are folded."""

    name = "rescale"
    group = "reduction"
    summary = "fold a softmax part by part, rescaling sums"
    example = "rescale()"

    def require(self, program: Program) -> None:
        """Partial greatest values, weights below them, and partial sums of these."""
        self._find(program)

    def apply(self, program: Program) -> Program:
        """Weights below partial greatest values, pairs folded, and the greatest of all gone."""
        found = self._find(program)
        greatest, weights = found.greatest, found.weights
        lowest = const(float(dtypes.finfo(greatest.buffer.dtype).min), greatest.buffer.dtype)
        added: list[Buffer] = []
        for sums, below in found.sums:
            name = fresh_block_name(program, f"{sums.buffer.name}_max")
            added.append(Buffer(name, sums.buffer.shape, lowest.dtype))
            folded = _folding(sums, below, added[-1], lowest, weights.scale)
            program = exchange(program, sums.whole.block, folded)
        maker = greatest.maker.block
        (made,) = (Load(w.buffer, tuple(start for start, _ in w.bounds)) for w in maker.writes)
        program = exchange(
            program, maker, maker.replace(init=stores([made], (lowest,), maker.name))
        )
        program = exchange(program, weights.block, _renewed(found))
        kept = [b for b in program.buffers if b is not greatest.buffer]
        body = remove(program, greatest.whole.block)
        return Program(program.name, program.params, program.outputs, [*kept, *added], body)

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[Rescale]:
        """The block, asked for at its innermost loop."""
        if loop.body is site.block and PartialResults.of(program, site, "max") is not None:
            yield cls(site.block.name)

    # ---- what there is

    def _find(self, program: Program) -> _Found:
        site = self.site(program)
        greatest = PartialResults.of(program, site, "max")
        if greatest is None or not dtypes.is_float(greatest.buffer.dtype):
            raise self.refuse(
                "",
                f"{self.block} does not fold partial greatest values",
                "split its reduction loop, and rfactor the outer one",
            )
        self._require_free(program, greatest)
        weights = self._weights(program, greatest)
        run = self._run(greatest, weights)
        sums = [
            self._sum(program, greatest, weights, run, other)
            for other in _readers(program, weights.store.buffer)
        ]
        return _Found(greatest, weights, run, sums)

    def _require_free(self, program: Program, found: PartialResults) -> None:
        """Refuse blocks that act in a part of their domain, or with others."""
        for site in (found.whole, found.maker):
            require_whole(self, site)
            self.require_settled(program, site.block)
            self.require_only_writer(program, site.block, site.block.writes[0].buffer)

    def _only_reader(self, program: Program, buffer: Buffer) -> Site:
        readers = _readers(program, buffer)
        names = " and ".join(s.block.name for s in readers) or "nothing"
        if buffer in program.params or len(readers) != 1:
            who = "the caller" if buffer in program.params else names
            raise self.refuse(
                "",
                f"{buffer.name} is read by {who}, and would be known no more",
                "leave the greatest value to one block exp(value - greatest)",
            )
        return readers[0]

    def _weights(self, program: Program, greatest: PartialResults) -> _Weights:
        """The block that reads the greatest values."""
        self._only_reader(program, greatest.part.buffer)
        site = self._only_reader(program, greatest.buffer)
        require_whole(self, site)
        block, buffer = site.block, greatest.buffer
        store, places = definition(self, block, "rescale a block exp(value - greatest)")
        self.require_only_writer(program, block, store.buffer)
        value, scale = store.value, None
        while isinstance(value, Cast):
            value = value.value
        inside = value.args[0] if isinstance(value, Call) and value.function == "exp" else value
        if isinstance(inside, Binary) and inside.op == "*":
            scale = next((e for e in (inside.a, inside.b) if isinstance(e, Const)), None)
            inside = inside.a if inside.b is scale else inside.b
        is_weight = (
            isinstance(value, Call) and value.function == "exp"
            and (scale is None or scale.value > 0)
            and store.buffer not in program.params
        )  # fmt: skip
        if isinstance(inside, Binary) and inside.op == "-" and is_weight:
            a, b = inside.a, inside.b
            if isinstance(a, Load) and isinstance(b, Load) and b.buffer is buffer:
                rows = [n for n, v in enumerate(places) if v not in b.indices]
                if len(rows) == 1 and set(b.indices) <= set(places):
                    return _Weights(block, store, a, b, scale, rows[0])
        raise self.refuse(
            "",
            f"{block.name} is no intermediate exp(value - {buffer.name}), times a positive number",
            "rescale where the greatest value is taken from each element of a row",
        )

    def _run(self, greatest: PartialResults, weights: _Weights) -> int:
        """How many elements of a row belong to one part."""
        term, own = greatest.term, weights.store.indices[weights.row]
        run = greatest.run_of(term) if isinstance(term, Load) else None
        if run is not None and isinstance(term, Load) and term.buffer is weights.value.buffer:
            dimension, width = run
            rows = dict(zip(greatest.target.indices, weights.greatest.indices, strict=True))
            named: dict[Var, Expr] = {v: i for v, i in rows.items() if isinstance(v, Var)}
            alike: list[Expr | None] = []
            for n, index in enumerate(term.indices):
                found = own if n == dimension else greatest.at_whole(index)
                alike.append(found if found is None else substitute(found, named))
            if all(
                a is not None and same(a, i)
                for a, i in zip(alike, weights.value.indices, strict=True)
            ):
                return width
        raise self.refuse(
            "",
            f"cannot prove that {greatest.maker.block.name} has the greatest of what "
            f"{weights.block.name} takes it from, so many elements in a row each",
            "split the reduction loop by a factor that divides it, and rfactor the outer loop",
        )

    def _sum(
        self,
        program: Program,
        greatest: PartialResults,
        weights: _Weights,
        width: int,
        reader: Site,
    ) -> tuple[PartialResults, Load]:
        """A sum of weights in partial results, and the greatest value of each part."""
        read = weights.store.buffer
        wrong = self.refuse(
            "",
            f"{reader.block.name} is no sum of products with one element of {read.name} each, in "
            f"partial results of {width} elements in a row",
            f"split its reduction loop by {width} as well, and rfactor the outer one",
        )
        fold, written = fold_of(reader.block.body), reader.block.writes
        if fold is None or len(written) != 1 or written[0].buffer in program.params:
            raise wrong
        found = PartialResults.of(program, self._only_reader(program, written[0].buffer), "+")
        if found is None or found.maker.block is not reader.block:
            raise wrong
        self._require_free(program, found)
        used = [e for e in exprs(found.term) if isinstance(e, Load) and e.buffer is read]
        load = used[0] if len(used) == 1 and _is_factor(used[0], found.term) else None
        counts = (found.number.extent, greatest.number.extent)
        kinds = {found.buffer.dtype, greatest.buffer.dtype}
        if load is None or found.run_of(load) != (weights.row, width) or len(kinds) > 1:
            raise wrong
        at = {
            place: found.at_whole(load.indices[n]) for n, place in enumerate(weights.store.indices)
        }
        values: dict[Var, Expr] = {greatest.number.var: found.number.var}
        for var, place in zip(greatest.target.indices, weights.greatest.indices, strict=True):
            index = at[place]
            if not isinstance(var, Var) or index is None or counts[0] != counts[1]:
                raise wrong
            values[var] = index
        part = greatest.part
        return found, Load(part.buffer, tuple(substitute(i, values) for i in part.indices))


def _readers(program: Program, buffer: Buffer) -> list[Site]:
    """The blocks that read a buffer which others write."""
    return [
        s for s in sites(program)
        if buffer in [r.buffer for r in s.block.reads]
        and buffer not in [w.buffer for w in s.block.writes]
    ]  # fmt: skip


def _is_factor(load: Load, e: Expr) -> bool:
    """Whether `e` is the element, converted or not, or a product with it."""
    while isinstance(e, Cast):
        e = e.value
    if isinstance(e, Binary) and e.op == "*":
        return _is_factor(load, e.a) or _is_factor(load, e.b)
    return e is load


def _folding(
    sums: PartialResults, below: Load, greatest: Buffer, lowest: Const, scale: Const | None
) -> Block:
    """The block that folds partial sums, each below a greatest value, into a pair."""
    block, kind = sums.whole.block, lowest.dtype
    m, n, s, r = (Local(name, kind) for name in "mnsr")
    largest = maximum(m, n)

    def factor(own: Expr) -> Expr:
        apart = own - largest
        return Call("exp", (apart if scale is None else apart * scale,), kind)

    targets = (Load(greatest, sums.target.indices), sums.target)
    terms = (below, sums.part)
    fold = Fold(targets, terms, (m, s), (n, r), (largest, s * factor(m) + r * factor(n)), True)
    body = fold.update(targets, terms, block.name)
    starts = identities(block)
    assert starts is not None, "a fold of partial results"
    return block.replace(
        reads=regions(body)[0],
        writes=points(targets),
        init=stores(targets, (lowest, *starts), block.name),
        body=body,
    )


def _renewed(found: _Found) -> Block:
    """The block of weights, below the greatest values of parts."""
    weights, greatest = found.weights, found.greatest
    row = weights.store.indices[weights.row]
    values: dict[Var, Expr] = {greatest.number.var: row // found.width}
    for var, index in zip(greatest.target.indices, weights.greatest.indices, strict=True):
        assert isinstance(var, Var), "a fold of partial results"
        values[var] = index
    below = Load(greatest.part.buffer, tuple(substitute(i, values) for i in greatest.part.indices))
    block = weights.block

    def on_expr(e: Expr) -> Expr | None:
        return below if isinstance(e, Load) and e.buffer is greatest.buffer else None

    body = rewrite(block.body, on_expr=on_expr)
    return block.replace(reads=regions(body)[0], body=body)
