"""Add unit loop: a loop of one iteration around a block or around one of its loops.

Other systems: TensorIR `add_unit_loop`.

Always legal. It gives a place to steps that need a loop: to bind where nothing is left to bind, to
compute something in front of a block without loops.

Before:

    for i in range(8):
        with block("B", vi=i):
            B[vi] = A[vi] + 1.0

After `s["B"].add_unit_loop("i")`:

    for u in range(1):
        for i in range(8):
            with block("B", vi=i):
                B[vi] = A[vi] + 1.0
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tvmlab.ir.expr import Var
from tvmlab.ir.names import fresh_names
from tvmlab.ir.program import For, Program, Stmt
from tvmlab.schedule.find import Site, exchange, names_on_paths
from tvmlab.schedule.step import Step, argument


@dataclass(frozen=True)
class AddUnitLoop(Step):
    """Put a loop of one iteration around `loop`; around the block itself if it is None."""

    name = "add_unit_loop"
    summary = "put a loop of one iteration around it"
    example = 'add_unit_loop("y")'
    loop: str | None = argument("loop", "the loop to put it around; else the block", default=None)

    @classmethod
    def from_call(cls, block: str, *args: Any, **kwargs: Any) -> AddUnitLoop:
        """`add_unit_loop(loop)` or `add_unit_loop()`."""
        given = {**dict(zip(("loop",), args, strict=False)), **kwargs}
        if len(args) > 1 or set(given) - {"loop"} or (args and kwargs):
            raise cls.misuse(block, args, kwargs, "add_unit_loop takes a loop, or nothing")
        return cls.checked(block, given)

    def call_arguments(self) -> tuple[list[Any], dict[str, Any]]:
        """The loop, if there is one."""
        return ([] if self.loop is None else [self.loop]), {}

    def require(self, program: Program) -> None:
        """A loop of that name, if one is named, not among the lanes of a vectorized loop."""
        site = self.site(program)
        if self.loop is not None:
            self.find_loop(site, self.loop)

    def _inside(self, site: Site) -> Stmt:
        """What the new loop goes around."""
        return site.block if self.loop is None else self.find_loop(site, self.loop)

    def results(self, program: Program) -> list[str]:
        """`u`, unlike the names around it."""
        site = self.site(program)
        inside = self._inside(site)
        taken = set(site.names())
        if isinstance(inside, For):
            taken |= names_on_paths(program, inside)
        return fresh_names(taken, ["u"])

    def apply(self, program: Program) -> Program:
        """The loop or block with the new loop around it."""
        inside = self._inside(self.site(program))
        return exchange(program, inside, For(Var(self.results(program)[0]), 1, inside))

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[AddUnitLoop]:
        """Around the loop, and around the block."""
        yield cls(site.block.name, loop.var.name)
        yield cls(site.block.name)
