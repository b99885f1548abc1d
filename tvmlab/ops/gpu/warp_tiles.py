"""A product of matrices on TensorCores: tiles in the registers of warps.

From the outside: blocks of threads; steps of the sum, for each of which the threads copy what they
need of the operands to shared memory, asynchronously where rows allow; warps; parts of a step, for
each of which a warp loads its tiles of the operands; and the tiles of the result, in registers all
the while. At the end warps store their tiles, or hand them through shared memory to what follows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tvmlab.analysis.pipelining import STAGE, statements
from tvmlab.arith.simplify import linear
from tvmlab.intrin.copies import BYTES, DTYPES
from tvmlab.intrin.matrix_tiles import SHORT, Family, Shape, wide
from tvmlab.ir import dtypes
from tvmlab.ir.program import Invoke
from tvmlab.ir.walk import blocks, loads, stmts
from tvmlab.ops.gpu.grid import bind_to_grid, stored_apart
from tvmlab.ops.gpu.matrix_product import MatrixProduct
from tvmlab.ops.gpu.team import Team, own_loops, site_of
from tvmlab.ops.nest import Nest, Part, fused
from tvmlab.schedule import Schedule
from tvmlab.schedule.find import find_site
from tvmlab.schedule.primitives.tensorize import Tensorize

BLOCKS, WARPS, TILES, INSIDE = range(4)
"""The levels that rows and columns are cut in."""

STEPS, PARTS, TERMS = range(3)
"""The levels that the sum is cut in."""

SWIZZLED, PADDED, PLAIN = BANKS = ("swizzled", "padded", "plain")
"""How rows of copies lie in banks."""

LANES = ("threadIdx.x", 32)
"""The threads of a warp."""

MADE_LANES = 8
"""Elements of a copy that a thread computes at once, each written out."""

TAKEN_UP = 4
"""Results that a thread takes up at once, where rows allow."""


class Share(NamedTuple):
    """How rows or columns are cut: warps beside each other, and elements of each."""

    warps: int
    own: int


class Inside(NamedTuple):
    """A loop, of a block of threads, and the block in it that reads what is computed there.

    Attributes:
        reader: the block.
        loop: the loop.
        around: a loop further out in which the left operand's rows are the same, and copied once
            where a step has all terms; "" if there is none.
    """

    reader: str
    loop: str
    around: str = ""


class Tiled(NamedTuple):
    """The innermost loop around all that a tile takes, and the threads that compute it."""

    loop: str
    team: Team


class Copy(NamedTuple):
    """An operand in shared memory.

    Attributes:
        block: what fills it.
        buffer: it.
        is_plain: whether its rows run along those of what it is made of.
    """

    block: str
    buffer: str
    is_plain: bool


@dataclass(frozen=True)
class WarpTiles:
    """One way to tile a product.

    Attributes:
        product: what it is.
        family: the instructions.
        rows, columns: how those of the result are cut.
        step: terms of the sum for which operands are copied at one time.
        copies: of operands, by turns: 2 where the next step's are copied during this one, more
            where they have the time of several steps.
        banks: how a warp finds rows of a copy in different banks: `swizzled`, without a byte
            between; `padded`, each row farther from the next, as `wmma` needs; or `plain`, not.
    """

    product: MatrixProduct
    family: Family
    rows: Share
    columns: Share
    step: int
    copies: int
    banks: str

    def apply(
        self,
        schedule: Schedule,
        block: str,
        follower: str,
        read: Mapping[str, str],
        *,
        ready: Collection[str] = (),
        inside: Inside | None = None,
    ) -> Tiled:
        """The steps that tile `block`, whose rows, columns and sum are whole tiles.

        Args:
            follower: the block that takes up each result once; "" where they are stored.
            read: operand -> the block that computes it where it is copied, or "".
            ready: those blocks of `read` whose results lie in shared memory before any step; the
                caller places them.
            inside: for whom results are made in shared memory, columns by turns; None for a grid
                of blocks.

        Raises:
            ScheduleError: a step is illegal.
        """
        stored = stored_apart(schedule, block)
        sums = site_of(schedule, block).block.writes[0].buffer.name
        if inside is not None:
            schedule[stored].compute_at(inside.reader, inside.loop)
            schedule[block].compute_at(stored, inside.loop)
        y, x, k, loops = self._nest(schedule, block, inside.loop if inside else "")
        if inside is None:
            inner = [
                o for part, o in loops.items() if part[0] == k or (part[0] in (y, x) and part[1])
            ]
            at = bind_to_grid(schedule, block, inner)
        else:
            at = loops.get((x, BLOCKS), inside.loop)
        if inside is None or at != inside.loop:
            schedule[stored].reverse_compute_at(block, at)
        if follower:
            schedule[follower].reverse_compute_at(stored, at)
        step = loops.get((k, STEPS), at)
        near = [loops[p] for p in ((k, STEPS), (y, WARPS), (x, WARPS), (k, PARTS)) if p in loops]
        copies = [self._copied(schedule, block, n, read) for n in range(2)]
        for n, copy in enumerate(copies):
            self._into_registers(schedule, block, n, copy, near[-1] if near else at)
        schedule[block].tensorize(loops[y, INSIDE], self._instruction("" if self._by_rows else "t"))
        _bind_warps(schedule, block, loops, y, x)
        team = Team((*Team.of(schedule, block).axes, LANES))
        once = inside.around if inside is not None and (k, STEPS) not in loops else ""
        for copy, where in zip(copies, (once or step, step), strict=True):
            if copy.block not in ready:
                self._fetch(schedule, block, copy, where, team)
        self._store(schedule, stored, is_near=bool(follower or inside))
        if follower:
            _take_up(schedule, follower, at, team)
        schedule[block].set_scope(sums, "warp")
        if (k, STEPS) in loops:
            self._copy_ahead(schedule, block, step, copies)
        return Tiled(at, team)

    @property
    def _shape(self) -> Shape:
        return self.family.shapes[self.product.kind]

    @property
    def _by_rows(self) -> bool:
        """Whether the right operand is kept by rows, which `mma` loads of bytes one by one."""
        is_slow = self.family.name == "mma" and self.product.size_bytes == 1
        return self.product.right.is_turned and not is_slow

    def _instruction(self, what: str, kind: str = "") -> str:
        return self.family.name_of(what, kind or self.product.kind)

    def _nest(
        self, schedule: Schedule, block: str, at: str
    ) -> tuple[str, str, str, dict[Part, str]]:
        """Cut and ordered: the loops over rows, columns and the sum, and what became of them."""
        own = own_loops(schedule, block, at)
        extents = {o.var.name: o.extent for o in own if isinstance(o.extent, int)}
        *others, y, x, k = extents
        shape = self._shape
        order: list[Part] = [
            *((name, 0) for name in others), (y, BLOCKS), (x, BLOCKS), (k, STEPS), (y, WARPS),
            (x, WARPS), (k, PARTS), (y, TILES), (x, TILES), (y, INSIDE), (x, INSIDE), (k, TERMS),
        ]  # fmt: skip
        cuts = self._cuts(y, x) | {k: (self.step // shape.steps, shape.steps)}
        return y, x, k, Nest(extents, order, cuts).apply(schedule[block])

    def _cuts(self, y: str, x: str) -> dict[str, Sequence[int]]:
        """Warps, tiles and what is inside of one, of the loops over rows and columns."""
        shape = self._shape
        return {
            y: (self.rows.warps, self.rows.own // shape.rows, shape.rows),
            x: (self.columns.warps, self.columns.own // shape.columns, shape.columns),
        }

    # ---- operands

    def _copy_ahead(
        self, schedule: Schedule, block: str, step: str, copies: Sequence[Copy]
    ) -> None:
        """Copy the operands of later steps during one, as far ahead as there are copies of them."""
        steps = next((o.extent for o in own_loops(schedule, block) if o.var.name == step), 1)
        held = min(self.copies, steps) if isinstance(steps, int) else self.copies
        if held > 1:
            schedule[block].annotate(step, STAGE, _stages(schedule, block, step, copies, held - 1))

    def _copied(self, schedule: Schedule, block: str, side: int, read: Mapping[str, str]) -> Copy:
        """The left (0) or right (1) operand through a copy, laid out as warps load it."""
        source = _operand(schedule, block, side)
        maker = read.get(source, "")
        if not maker:
            known = set(schedule.blocks)
            schedule[block].cache_read(source)
            (maker,) = set(schedule.blocks) - known
        stage, written = schedule[maker], site_of(schedule, maker).block.writes[0].buffer
        is_turned = (self.product.left, self.product.right)[side].is_turned
        is_plain = is_turned == (side == 1 and self._by_rows)
        *lead, first, second = names = [f"i{n}" for n in range(len(written.shape))]
        if not is_plain:
            turned = ", ".join([*lead, second, first])
            stage.transform_layout(written.name, f"{', '.join(names)} -> {turned}")
        lanes = BYTES // dtypes.size_bytes(written.dtype)
        if self.banks == SWIZZLED and self.family.name == "mma":
            stage.swizzle(written.name, lanes)
        elif self.banks != PLAIN:
            # Rows at odd multiples of what one thread names: eight of them lie in all banks.
            lanes *= 2 if self.family.name == "wmma" else 1
            stage.storage_align(written.name, len(lead), 2 * lanes, lanes)
        return Copy(maker, written.name, is_plain)

    def _into_registers(
        self, schedule: Schedule, block: str, side: int, copy: Copy, at: str
    ) -> None:
        """Each warp loads its tiles of a part of a step."""
        shape = self._shape
        if side == 0:
            load, tile = "load_a", (shape.rows, shape.steps)
        elif self._by_rows:
            load, tile = "load_b", (shape.steps, shape.columns)
        else:
            load, tile = "load_t", (shape.columns, shape.steps)
        known = set(schedule.blocks)
        schedule[block].cache_read(copy.buffer)
        (name,) = set(schedule.blocks) - known
        schedule[name].compute_at(block, at)
        (y, ey), (x, ex) = _last_two(schedule, name)
        order: list[Part] = [(y, 0), (x, 0), (y, 1), (x, 1)]
        made = Nest({y: ey, x: ex}, order, {y: tile[:1], x: tile[1:]}).apply(schedule[name])
        schedule[name].tensorize(made[y, 1], self._instruction(load))
        schedule[name].set_scope(site_of(schedule, name).block.writes[0].buffer.name, "warp")

    def _fetch(self, schedule: Schedule, block: str, copy: Copy, step: str, team: Team) -> None:
        """All threads of a block fill a copy: 16 bytes at a time that go on by themselves, where
        its rows are rows of the operand, or of a view or padded, in such pieces."""
        stage, found = schedule[copy.block], site_of(schedule, copy.block).block
        source, to = found.reads[0].buffer, found.writes[0].buffer
        lanes = BYTES // dtypes.size_bytes(to.dtype)
        stage.compute_at(block, step)
        loops = own_loops(schedule, copy.block, step)
        names, row = [o.var.name for o in loops], loops[-1].extent
        fits = copy.is_plain and row % lanes == 0 == source.extents[-1] % lanes
        if fits and to.dtype in DTYPES and (pieces := _in_pieces(schedule, copy, names, lanes)):
            names, lanes = [pieces], 1
        lanes = min(lanes, MADE_LANES)
        team.take(schedule, copy.block, names, lanes if row % lanes == 0 else 1)
        stage.set_scope(copy.buffer, "shared")

    # ---- results

    def _store(self, schedule: Schedule, stored: str, is_near: bool) -> None:
        """Each warp stores its tiles, in shared memory if they are wanted near."""
        (y, ey), (x, ex) = _last_two(schedule, stored)
        order: list[Part] = [(n, level) for level in (WARPS, TILES, INSIDE) for n in (y, x)]
        loops = Nest({y: ey, x: ex}, order, self._cuts(y, x)).apply(schedule[stored])
        store = self._instruction("store", wide(self.product.kind))
        schedule[stored].tensorize(loops[y, INSIDE], store)
        _bind_warps(schedule, stored, loops, y, x)
        if is_near:
            handed = site_of(schedule, stored).block.writes[0].buffer.name
            schedule[stored].set_scope(handed, "shared")


def _take_up(schedule: Schedule, follower: str, at: str, team: Team) -> None:
    """All threads take up what warps have stored in shared memory."""
    loops = own_loops(schedule, follower, at)
    whole = site_of(schedule, follower).block.writes[0].buffer.extents[-1]
    is_wide = loops and loops[-1].extent % TAKEN_UP == 0 == whole % TAKEN_UP
    names = [o.var.name for o in loops]
    team.take(schedule, follower, names, TAKEN_UP if is_wide else 1)


def _in_pieces(schedule: Schedule, copy: Copy, names: Sequence[str], lanes: int) -> str:
    """Let asynchronous copies of `lanes` elements fill a copy: the loop over them; "" where pieces
    are not such copies, as where some elements of one are padding, or begin anywhere."""
    trial = Schedule(schedule.state)
    stage = trial[copy.block]
    rest, inside = stage.split(fused(stage, names), lanes)
    dtype = site_of(trial, copy.block).block.writes[0].buffer.dtype
    asked = Tensorize(copy.block, str(inside), f"copy_async_{SHORT[dtype]}")
    if asked.check(trial.mod) is not None:
        return ""
    trial.apply(asked)
    invoked = (s for s in stmts(site_of(trial, copy.block).block.body) if isinstance(s, Invoke))
    for operand in (o for s in invoked for o in s.operands):
        total = linear(operand.bounds[-1][0], {})
        if any(n % lanes for n in (total.constant, *total.terms.values())):
            return ""
    schedule.point_at(trial.state)
    return str(rest)


def _operand(schedule: Schedule, block: str, side: int) -> str:
    """The buffer that a product reads at its rows (0) or its columns (1), by name."""
    found = site_of(schedule, block).block
    own, _ = found.writes[0].bounds[-2:][side]
    return next(e.buffer.name for e in loads(found.body)
                if e.buffer is not found.writes[0].buffer and own in e.indices)  # fmt: skip


def _last_two(schedule: Schedule, block: str) -> list[tuple[str, int]]:
    """The innermost loops of a block, which are over rows and columns, and their iterations."""
    loops = site_of(schedule, block).loops[-2:]
    return [(o.var.name, o.extent) for o in loops if isinstance(o.extent, int)]


def _bind_warps(schedule: Schedule, block: str, loops: Mapping[Part, str], y: str, x: str) -> None:
    for axis, part in (("threadIdx.z", (y, WARPS)), ("threadIdx.y", (x, WARPS))):
        if part in loops:
            schedule[block].bind(loops[part], axis)


def _stages(
    schedule: Schedule, block: str, step: str, copies: Sequence[Copy], ahead: int
) -> tuple[int, ...]:
    """The stages of the statements of a step: what is copied so many steps ahead, and all else."""
    site = find_site(schedule.mod, block)  # the program's own: what is inside the loop counts
    loop = site.loop(step) if site is not None else None
    assert loop is not None, "steps are around the product"
    filling = {copy.block for copy in copies}
    return tuple(
        0 if filling & {b.name for b in blocks(part)} else ahead for part in statements(loop)
    )
