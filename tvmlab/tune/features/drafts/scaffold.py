"""Loops around blocks as names and numbers: all of a program that steps on loops change.

A loop that was cut, fused or merged stays behind as the sum over others that it has become, so
that indices are worked out once, when somebody asks, and not after every step.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tvmlab.analysis.pipelining import leads
from tvmlab.arith.linear import Atom, Interval, Linear, Opaque, Quotient, divide, rejoin
from tvmlab.arith.simplify import linear
from tvmlab.errors import TvmlabError
from tvmlab.ir.axis import axis_of
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.expr import Var
from tvmlab.ir.program import Block, Program
from tvmlab.ir.shapes import sizes_of
from tvmlab.schedule.find import sites


class NotDrafted(TvmlabError):
    """What was asked cannot be said in loops and numbers; the program is needed."""


class LooksIllegal(NotDrafted):
    """Names or numbers say that a step is illegal; the step itself says why."""


class DraftLoop(Var):
    """A loop's variable. Comparing two says whether they are one, which takes no time; comparing
    ordinary ones makes an expression."""

    __slots__ = ()
    __eq__ = object.__eq__
    __ne__ = object.__ne__
    __hash__ = object.__hash__


class Leaf:
    """A block in its loops; scaffolds share it, so it is never changed.

    Attributes:
        block: as it was before any step was drafted; its bindings do not count.
        path: the loops around it, outermost first.
        values: its iteration variables over loops, those that are no more among them.
        is_moved: whether it stands elsewhere than in the program.
    """

    __slots__ = ("block", "path", "values", "is_moved")

    def __init__(
        self,
        block: Block,
        path: Sequence[DraftLoop],
        values: dict[Var, Linear],
        is_moved: bool = False,
    ) -> None:
        self.block = block
        self.path = tuple(path)
        self.values = values
        self.is_moved = is_moved


class Scaffold:
    """The leaves of a program, in order, and what is known of loops.

    Attributes:
        leaves: block name -> leaf, in program order.
        extents: iterations of each loop.
        kinds: how each is executed.
        threads: the hardware axes of those that are bound.
        memories: buffers that are kept or laid out otherwise -> the same, as they are now.
        uneven: by block, loops around it that were cut into more iterations than they had, each
            with those that it had.
        leads: by block, the iterations of a pipelined loop that it runs ahead.
        ranges: the values of each.
        made: a loop that is no more -> what it is over others.
        sizes: names that loops cannot have.
        resolved: values of loops over those that there are now, as far as asked for.
    """

    def __init__(
        self,
        leaves: dict[str, Leaf],
        extents: dict[DraftLoop, int],
        kinds: dict[DraftLoop, str],
        ranges: dict[Var, Interval],
        made: dict[Var, Linear],
        sizes: frozenset[str],
    ) -> None:
        self.leaves = leaves
        self.extents = extents
        self.kinds = kinds
        self.ranges = ranges
        self.made = made
        self.sizes = sizes
        self.resolved: dict[Var, Linear] = {}
        self.threads: dict[DraftLoop, str] = {}
        self.memories: dict[Buffer, Buffer] = {}
        self.leads: dict[str, int] = {}
        self.uneven: dict[str, tuple[tuple[DraftLoop, int], ...]] = {}

    @classmethod
    def of(cls, program: Program, met: dict[Var, DraftLoop]) -> Scaffold:
        """The scaffold of a program.

        Args:
            met: what stands for loops' variables, to which those met first are added.

        Raises:
            NotDrafted: it has sizes that only a call tells.
        """
        empty = cls({}, {}, {}, {}, {}, frozenset(size.name for size in sizes_of(program)))
        looked_at = set[int]()
        for site in sites(program):
            for loop in site.loops:
                if loop.annotations and id(loop) not in looked_at:
                    empty.leads |= leads(loop)
                looked_at.add(id(loop))
                if not isinstance(loop.extent, int):
                    raise NotDrafted(f"the loop {loop.var.name} has no known extent.")
                own = met.setdefault(loop.var, DraftLoop(loop.var.name))
                empty.take(own, loop.extent, loop.kind)
                if (axis := axis_of(loop)) is not None:
                    empty.threads[own] = axis
                empty.ranges[loop.var] = empty.ranges[own]
                empty.made[loop.var] = Linear({own: 1}, 0)
            bound = zip(site.block.iters, site.block.bindings, strict=True)
            values = {it.var: linear(binding, empty.ranges) for it, binding in bound}
            path = [met[loop.var] for loop in site.loops]
            empty.leaves[site.block.name] = Leaf(site.block, path, values)
        return empty

    def copy(self) -> Scaffold:
        """One that can be changed by itself."""
        known = (self.extents, self.kinds, self.ranges, self.made)
        extents, kinds, ranges, made = (dict(each) for each in known)
        found = Scaffold(dict(self.leaves), extents, kinds, ranges, made, self.sizes)  # type: ignore[arg-type]
        found.resolved, found.threads = dict(self.resolved), dict(self.threads)
        found.memories, found.leads = dict(self.memories), self.leads
        found.uneven = dict(self.uneven)
        return found

    # ---- loops

    def add(self, name: str, extent: int) -> DraftLoop:
        """A new plain loop."""
        return self.take(DraftLoop(name), extent, "serial")

    def take(self, loop: DraftLoop, extent: int, kind: str) -> DraftLoop:
        """Take in a loop."""
        self.extents[loop] = extent
        self.kinds[loop] = kind
        self.ranges[loop] = (0, extent - 1)
        return loop

    def leaf(self, block: str) -> Leaf:
        """The leaf of a block.

        Raises:
            NotDrafted: there is none.
        """
        if block not in self.leaves:
            raise LooksIllegal(f"there is no block {block}.")
        return self.leaves[block]

    def loop(self, block: str, name: str) -> DraftLoop:
        """The loop of that name around a block.

        Raises:
            NotDrafted: there is none.
        """
        for loop in self.leaf(block).path:
            if loop.name == name:
                return loop
        raise LooksIllegal(f"{block} has no loop {name}.")

    def serial(self, block: str, name: str) -> DraftLoop:
        """The same, of a plain loop."""
        loop = self.loop(block, name)
        if self.kinds[loop] != "serial":
            raise LooksIllegal(f"the loop {name} is no plain one.")
        return loop

    def buffer(self, block: str, name: str) -> Buffer:
        """The buffer of that name that a block writes or reads, as it was before any step.

        Raises:
            NotDrafted: there is none.
        """
        own = self.leaf(block).block
        for region in (*own.writes, *own.reads):
            if region.buffer.name == name:
                return region.buffer
        raise NotDrafted(f"{block} touches no buffer {name}.")

    def inside(self, loop: DraftLoop) -> list[Leaf]:
        """The leaves in a loop."""
        return [leaf for leaf in self.leaves.values() if loop in leaf.path]

    def names_with(self, loop: DraftLoop) -> set[str]:
        """The names of loops on paths through `loop`, its own left out, and of sizes."""
        found = {each.name for leaf in self.inside(loop) for each in leaf.path if each is not loop}
        return found | self.sizes

    def exchange(self, old: DraftLoop, new: Sequence[DraftLoop], value: Linear) -> None:
        """Loops in the place of one, which is `value` from now on."""
        for leaf in self.inside(old):
            at = leaf.path.index(old)
            self.lead(leaf, (*leaf.path[:at], *new, *leaf.path[at + 1 :]))
        self.become(old, value)

    def lead(self, leaf: Leaf, path: Sequence[DraftLoop]) -> None:
        """Another path to the block of a leaf."""
        self.leaves[leaf.block.name] = Leaf(leaf.block, path, leaf.values, leaf.is_moved)

    def become(self, old: DraftLoop, value: Linear) -> None:
        """A loop is no more, and is `value` from now on."""
        self.made[old] = value
        self.resolved = {
            loop: total
            for loop, total in self.resolved.items()
            if old not in total.terms and not any(isinstance(a, Quotient) for a in total.terms)
        }

    def is_alone(self, block: str) -> bool:
        """Whether no loop around a block is around another."""
        path = set(self.leaves[block].path)
        return not any(
            path.intersection(leaf.path) for name, leaf in self.leaves.items() if name != block
        )

    # ---- values

    def value(self, total: Linear, known: dict[Var, Linear]) -> Linear:
        """A sum over the loops that there are now.

        Args:
            total: over loops, and over the variables of `known`.
            known: values of variables, to which those worked out are added.

        Raises:
            NotDrafted: it is no sum, quotient and remainder of those.
        """
        if len(total.terms) == 1 and not total.constant:
            ((atom, coefficient),) = total.terms.items()
            if coefficient == 1:
                part = known.get(atom) if isinstance(atom, Var) else None
                return self._atom(atom, known) if part is None else part
        found: dict[Atom, int] = {}
        constant, is_plain = total.constant, True
        for atom, coefficient in total.terms.items():
            part = known.get(atom) if isinstance(atom, Var) else None
            part = self._atom(atom, known) if part is None else part
            constant += coefficient * part.constant
            for each, times in part.terms.items():
                found[each] = found.get(each, 0) + coefficient * times
                is_plain = is_plain and isinstance(each, Var)
        if 0 in found.values():
            found = {atom: times for atom, times in found.items() if times}
        made = Linear(found, constant)
        return made if is_plain else rejoin(made)

    def _atom(self, atom: Atom, known: dict[Var, Linear]) -> Linear:
        if isinstance(atom, Var):
            known[atom] = value = self._loop_value(atom, known)
            return value
        if isinstance(atom, Opaque):
            raise NotDrafted("an index is no sum of loops.")
        total = self.value(atom.total, known)
        above, below = divide(total, atom.divisor, self.ranges)
        return above if atom.kind == "//" else below

    def _loop_value(self, loop: Var, known: dict[Var, Linear]) -> Linear:
        made = self.made.get(loop)
        if made is not None:
            return made if self._is_final(made) else self.value(made, known)
        return Linear({loop: 1} if self.ranges[loop][1] > 0 else {}, 0)

    def _is_final(self, total: Linear) -> bool:
        """Whether a sum is over loops that there are, each of several iterations."""
        for atom in total.terms:
            if isinstance(atom, Var):
                if atom in self.made or self.ranges[atom][1] <= 0:
                    return False
            elif not isinstance(atom, Quotient) or not self._is_final(atom.total):
                return False
        return True

    def values_of(self, leaf: Leaf) -> dict[Var, Linear]:
        """The iteration variables of a leaf over the loops that there are now, and those loops."""
        known = self.resolved
        own = {var: self.value(total, known) for var, total in leaf.values.items()}
        return {**known, **own}


def carried(
    drafted: Scaffold, before: Scaffold, after: Scaffold, blocks: Iterable[str]
) -> Scaffold | None:
    """What was drafted, on top of a program that has changed meanwhile.

    Args:
        drafted: made from `before`.
        before, after: of the program as it was and as it is.
        blocks: whose loops were drafted; of others it is as in `after`.

    Returns:
        None where the loops of a drafted block have changed, another block stands in them now, or
        the place of a new one is unclear.
    """
    paths = [set(drafted.leaves[name].path) for name in blocks]
    held = [n for n, leaf in drafted.leaves.items() if any(map(set(leaf.path).intersection, paths))]
    if any(n not in after.leaves or not _is_same(before, after, n) for n in held):
        return None
    own = {loop for n in held for loop in before.leaves[n].path}
    if any(own.intersection(leaf.path) for n, leaf in after.leaves.items() if n not in held):
        return None
    order = _order(drafted, after)
    if order is None:
        return None
    found = after.copy()
    loops = {loop for name in held for loop in drafted.leaves[name].path}
    found.extents = drafted.extents | found.extents
    found.ranges = drafted.ranges | found.ranges
    found.kinds = drafted.kinds | found.kinds | {loop: drafted.kinds[loop] for loop in loops}
    found.made |= drafted.made
    found.threads = drafted.threads | found.threads
    found.memories = dict(drafted.memories)
    found.uneven = {name: drafted.uneven[name] for name in held if name in drafted.uneven}
    for name in held:
        leaf = drafted.leaves[name]
        block = after.leaves[name].block
        found.leaves[name] = Leaf(block, leaf.path, leaf.values, leaf.is_moved)
    found.leaves = {name: found.leaves[name] for name in order}
    return found


def _is_same(before: Scaffold, after: Scaffold, name: str) -> bool:
    """Whether a block's loops and what it makes of them are as they were."""
    a, b = before.leaves[name], after.leaves[name]
    bound = zip(a.block.bindings, b.block.bindings, strict=False)
    return a.path == b.path and a.values.keys() == b.values.keys() and all(x is y for x, y in bound)


def _order(drafted: Scaffold, after: Scaffold) -> list[str] | None:
    """The blocks of `after` in the order drafted, new ones before what they stood before."""
    if not any(leaf.is_moved for leaf in drafted.leaves.values()):
        return list(after.leaves)
    order = [name for name in drafted.leaves if name in after.leaves]
    names = list(after.leaves)
    for at in reversed(range(len(names))):
        if names[at] in drafted.leaves:
            continue
        behind = names[at + 1] if at + 1 < len(names) else None
        if behind is None or (behind in drafted.leaves and drafted.leaves[behind].is_moved):
            return None
        order.insert(order.index(behind), names[at])
    return order
