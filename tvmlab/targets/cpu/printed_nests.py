"""For each line of a printed program that opens something: the loops around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from tvmlab.ir.printed import Printed
from tvmlab.ir.program import Block, For
from tvmlab.ir.walk import variables


@dataclass(frozen=True)
class Nest:
    """The header of a loop or a block.

    Attributes:
        loops: around it, outermost first; a loop's header counts itself.
        block: the block whose header it is; None on a loop's.
    """

    loops: tuple[For, ...]
    block: Block | None = None

    @property
    def steps(self) -> int:
        """Steps of the innermost loop in one run; unrolled ones and sizes count as one."""
        return prod(
            o.extent
            for o in self.loops
            if o.kind not in ("vectorized", "unrolled") and isinstance(o.extent, int)
        )

    @property
    def vectorized(self) -> tuple[str, ...]:
        """Names of the vectorized loops."""
        return tuple(o.var.name for o in self.loops if o.kind == "vectorized")

    def is_inside_sum_of(self, block: Block) -> bool:
        """Whether its innermost loop is none that folds `block`, and runs inside one that does."""
        folded = {
            v
            for it, binding in zip(block.iters, block.bindings, strict=True)
            if it.is_reduce
            for v in variables(binding)
        }
        *outer, own = self.loops
        return own.var not in folded and any(o.var in folded for o in outer)


Nests = Mapping[int, Nest]
"""By 1-based line."""


def nests(printed: Printed) -> Nests:
    """The nests of a program, by the lines of their headers.

    What stands around a line is what is indented less above it.
    """
    found: dict[int, Nest] = {}
    around: list[tuple[int, For]] = []
    for number, line in enumerate(printed.lines, 1):
        text = line.text.lstrip()
        depth = len(line.text) - len(text)
        around = [(d, loop) for d, loop in around if d < depth]
        if isinstance(line.node, For) and text.startswith("for "):
            around.append((depth, line.node))
            found[number] = Nest(tuple(loop for _, loop in around))
        elif isinstance(line.node, Block) and text.startswith("with block("):
            found[number] = Nest(tuple(loop for _, loop in around), line.node)
    return found
