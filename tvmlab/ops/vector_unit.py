"""The vector registers a template plans for.

A template never asks the machine it runs on: the same name must mean the same space in every
process, so what it needs to know of a processor is part of its name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tvmlab.errors import UsageError

_NAME = re.compile(r"(\d+)x(\d+)bit")


@dataclass(frozen=True)
class VectorUnit:
    """How many vector registers there are, and how wide.

    Attributes:
        registers: names the instruction set has for vector registers.
        bits: width of one.
    """

    registers: int = 32
    bits: int = 512

    def lanes(self, element_bytes: int) -> int:
        """Elements of `element_bytes` in one register."""
        return max(1, self.bits // (8 * element_bytes))

    def vectors(self, lanes: int, element_bytes: int) -> int:
        """Registers that `lanes` elements occupy."""
        return -(-lanes // self.lanes(element_bytes))

    def holds(self, rows: int, vectors: int) -> bool:
        """Whether a tile of accumulators fits with what feeds it.

        `rows * vectors` accumulators, one row of `vectors` operands, and one register for the
        other operand's broadcast element. Beyond that LLVM spills in the innermost loop, which
        halves the speed.
        """
        return rows * vectors + vectors + 1 <= self.registers

    @property
    def units(self) -> int:
        """Multiply-adds of whole registers a cycle: one of 512 bits, which takes two units of 256
        (Zen 4, clients of Intel), and two of fewer (Haswell, Zen 2, Neoverse N1, and later)."""
        return 1 if self.bits >= 512 else 2

    @property
    def under_way(self) -> int:
        """Multiply-adds that are under way at once where the units are busy, and so the least sums
        to have in registers: four cycles each on most (Zen 2 to 5, Skylake to Golden Cove), five
        where registers have 256 bits at most (Haswell, Zen; Agner Fog, instruction tables)."""
        return 4 if self.bits >= 512 else 5 * self.units

    @property
    def broadcasts(self) -> int:
        """Elements that are loaded into all lanes in the time of one multiply-add. Two loads a
        cycle, where whole registers of 512 bits are two each."""
        return 2 // self.units

    def __str__(self) -> str:
        return f"{self.registers}x{self.bits}bit"

    @classmethod
    def parse(cls, text: str) -> VectorUnit:
        """The unit that `str` wrote.

        Raises:
            UsageError: the text is of another form.
        """
        found = _NAME.fullmatch(text)
        if found is None:
            raise UsageError(
                f"{text!r} does not describe vector registers; write count and width as in "
                f"'{AVX512}'."
            )
        return cls(int(found[1]), int(found[2]))


AVX512 = VectorUnit(32, 512)
AVX2 = VectorUnit(16, 256)
NEON = VectorUnit(32, 128)
