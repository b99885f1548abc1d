"""Two loops in a row as one, in a scaffold; and what numbers say of whether they may be."""

from __future__ import annotations

from collections.abc import Hashable

from tvmlab.arith.linear import Linear
from tvmlab.ir.expr import Var
from tvmlab.ir.names import fresh_names
from tvmlab.schedule.primitives import Merge
from tvmlab.tune.features.drafts.facts import Index, facts_in
from tvmlab.tune.features.drafts.scaffold import DraftLoop, NotDrafted, Scaffold


def merge(scaffold: Scaffold, step: Merge) -> list[str]:
    """The second of two loops becomes the first."""
    first = scaffold.serial(step.block, step.loop)
    second = scaffold.serial(step.other, step.other_loop)
    if not can_merge(scaffold, step):
        raise NotDrafted("the loops are not alike, or do not follow each other.")
    inner = [leaf.path[leaf.path.index(second) + 1 :] for leaf in scaffold.inside(second)]
    taken = {loop.name for path in inner for loop in path} | scaffold.names_with(first)
    (name,) = fresh_names(taken, [step.loop])
    loop = first if name == step.loop else scaffold.add(name, scaffold.extents[first])
    for old in (first, second):
        if old is not loop:
            scaffold.exchange(old, [loop], Linear({loop: 1}, 0))
    return [name]


def can_merge(scaffold: Scaffold, step: Merge) -> bool:
    """Whether the loops of a merge are plain, equally long, and follow each other directly."""
    first = scaffold.loop(step.block, step.loop)
    second = scaffold.loop(step.other, step.other_loop)
    if {scaffold.kinds[first], scaffold.kinds[second]} != {"serial"}:
        return False
    if scaffold.extents[first] != scaffold.extents[second]:
        return False
    leaves = list(scaffold.leaves.values())
    ahead = [n for n, leaf in enumerate(leaves) if first in leaf.path]
    behind = [n for n, leaf in enumerate(leaves) if second in leaf.path]
    if ahead[-1] + 1 != behind[0]:
        return False
    paths = [leaves[n].path for n in (ahead[-1], behind[0])]
    a, b = (path[: path.index(loop)] for path, loop in zip(paths, (first, second), strict=True))
    return a == b


def hands_on(scaffold: Scaffold, step: Merge) -> bool | None:
    """Whether iterations of the second loop use only what the same ones of the first leave; None
    where names and numbers do not tell.

    They do where, in some dimension of all that is written and read, the first loop moves what is
    written as the second moves what is read, and the second writes nothing that the first touches.
    They do not where the first folds over the loop what the second reads.
    """
    first = scaffold.loop(step.block, step.loop)
    second = scaffold.loop(step.other, step.other_loop)
    ahead, behind = scaffold.inside(first), scaffold.inside(second)
    facts = [facts_in(leaf.block) for leaf in ahead]
    touched = {buffer for each in facts for buffer, _ in (*each.reads, *each.writes)}
    if any(buffer in touched for leaf in behind for buffer, _ in facts_in(leaf.block).writes):
        return None
    told: bool | None = True
    for writer in ahead:
        values = scaffold.values_of(writer)
        folded = [values[it.var] for it in writer.block.iters if it.is_reduce]
        is_folded = any(first in total.terms for total in folded)
        for buffer, bounds in facts_in(writer.block).writes:
            written = [_moved(scaffold, start, values, first) for start, _ in bounds]
            for reader in behind:
                own = scaffold.values_of(reader)
                for target, starts in facts_in(reader.block).reads:
                    if target is not buffer:
                        continue
                    if is_folded:
                        return False
                    read = [_moved(scaffold, start, own, second) for start, _ in starts]
                    pairs = zip(written, read, strict=True)
                    if not any(a == b for a, b in pairs if a is not None):
                        told = None
    return told


def _moved(
    scaffold: Scaffold, index: Index, values: dict[Var, Linear], loop: DraftLoop
) -> tuple[Hashable, int] | None:
    """What stands beside a loop in an index, and how far the loop moves it: None where it does
    not, or where other loops inside reach as far."""
    if not isinstance(index, Linear):
        return None
    total = scaffold.value(index, values)
    step = total.terms.get(loop, 0)
    small = {a: c for a, c in total.terms.items() if a is not loop and abs(c) < step}
    low, high = Linear(small, 0).interval(scaffold.ranges)
    if step <= 0 or low < 0 or high >= step:
        return None
    large = {a: c for a, c in total.terms.items() if a is not loop and a not in small}
    return Linear(large, total.constant).key(), step
