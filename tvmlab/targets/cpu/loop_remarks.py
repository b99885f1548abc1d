"""What in an innermost loop is slow, why, and what would do better: one rule a function.

Latencies and units are those of today's processors (Fog, Instruction tables, 2024): a multiply-add
takes four cycles, and two or so begin in each, as do two loads; six instructions are handed out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from tvmlab.targets.cpu.loop_facts import LoopFacts

LATENCY_CYCLES, UNITS, PORTS, WIDTH = 4, 2, 2, 6
FEW = 4
"""Single lanes moved, or addresses loaded again, that are no loss."""


@dataclass(frozen=True)
class Surroundings:
    """What the program says of a loop, and the processor it runs on.

    Attributes:
        vectorized: names of the vectorized loops around its block.
        is_inside_sum: whether it runs anew for every step of a sum.
        vector_bits, registers: of the processor.
        has_scalar_tail: whether a copy of it works on one element at a time.
    """

    vectorized: tuple[str, ...]
    is_inside_sum: bool
    vector_bits: int
    registers: int
    has_scalar_tail: bool = False


def remarks(facts: LoopFacts, around: Surroundings) -> list[str]:
    """The sentences that a loop deserves, the gravest first."""
    return [sentence for rule in RULES for sentence in rule(facts, around)]


def spills(facts: LoopFacts, around: Surroundings) -> Iterator[str]:
    """Vectors that go to the stack and back."""
    if facts.spilled or facts.reloaded:
        yield (
            f"{facts.spilled} vectors are stored to the stack and {facts.reloaded} loaded from it "
            f"in every step, for the processor has {around.registers} registers; unroll or "
            "vectorize less, so that a tile needs fewer."
        )


def single_numbers(facts: LoopFacts, around: Surroundings) -> Iterator[str]:
    """No vectors at all, asked for or not."""
    if facts.arithmetic or facts.vector_bits or not (facts.scalar_arithmetic or facts.stores):
        return
    if around.vectorized:
        yield (
            f"loop {around.vectorized[-1]} is vectorized, and came out as one element at a time; "
            "vectorize a loop along which every buffer is accessed side by side."
        )
    else:
        yield (
            "it works on one element at a time; vectorize a loop over the last dimension, split "
            "so that it fills a register."
        )


def tail(facts: LoopFacts, around: Surroundings) -> Iterator[str]:
    """Vectors, and what is left over without them."""
    if facts.is_vector and around.has_scalar_tail:
        yield (
            "what its vectors leave over is done one element at a time; split by a factor that "
            "divides the extent, and vectorize what is left as well."
        )


def scattered(facts: LoopFacts, around: Surroundings) -> Iterator[str]:
    """Lanes that are fetched or put away one by one."""
    if facts.gathers or facts.scatters:
        words = [("gather", facts.gathers), ("scatter", facts.scatters)]
        said = " and ".join(_count(n, word) for word, n in words if n)
        yield (
            f"{said} in every step, with an access for each lane; vectorize along the last "
            "dimension, or cache_read the buffer in the order of the lanes first."
        )
    elif facts.single_elements > FEW:
        yield (
            f"{facts.single_elements} moves put vectors together, or take them apart, lane by "
            "lane; vectorize along the last dimension, or cache_read the buffer in that order."
        )


def calls(facts: LoopFacts, around: Surroundings) -> Iterator[str]:
    """Functions that have no vector form."""
    if facts.calls:
        said = ", ".join(
            f"{name} {count} times" if count > 1 else name
            for name, count in Counter(facts.calls).items()
        )
        yield f"it calls {said} in every step; compute that in a block of its own beforehand."


def divisions(facts: LoopFacts, around: Surroundings) -> Iterator[str]:
    """Indices that are quotients."""
    if facts.divisions:
        yield (
            f"{_count(facts.divisions, 'integer division')} in every step find an index, some 20 "
            "cycles each; split the loop by the divisor, so that its parts are loops."
        )


def sums_in_memory(facts: LoopFacts, around: Surroundings) -> Iterator[str]:
    """Accumulators that are stored and loaded in every step of their sum."""
    if around.is_inside_sum and facts.stores and (facts.arithmetic or facts.scalar_arithmetic):
        yield (
            "its sums go to memory and back in every step; let only unrolled and vectorized loops "
            "stand inside the loop of the sum, and they stay in registers."
        )


def waiting(facts: LoopFacts, around: Surroundings) -> Iterator[str]:
    """Sums of which each step waits for the one before."""
    busy_cycles = max(facts.arithmetic / UNITS, facts.loads / PORTS, facts.instructions / WIDTH)
    if facts.accumulators and facts.chain * LATENCY_CYCLES > 2 * busy_cycles:
        is_one = facts.accumulators == 1
        kept = "one accumulator is" if is_one else f"{facts.accumulators} accumulators are"
        yield (
            f"only {kept} under way, and each step waits {LATENCY_CYCLES} cycles for the one "
            f"before; unroll or vectorize another loop inside the sum, so that {LATENCY_CYCLES * 2}"
            " are."
        )


def loads(facts: LoopFacts, around: Surroundings) -> Iterator[str]:
    """Products that use what they load once."""
    few = facts.multiply_adds and facts.accumulators
    if few and facts.loads > 1.25 * facts.multiply_adds and not around.is_inside_sum:
        yield (
            f"{facts.loads} loads feed {_count(facts.multiply_adds, 'multiply-add')}; unroll a "
            "loop of the result inside the sum, so that each loaded vector serves several."
        )


def addresses(facts: LoopFacts, around: Surroundings) -> Iterator[str]:
    """Addresses that lack a register."""
    again = facts.addresses_reloaded
    if again > FEW and again > facts.instructions / 8:
        yield (
            f"{again} of {facts.instructions} instructions load an address again from the stack; "
            "unroll less, or pack the buffer, so that fewer rows are accessed at a time."
        )


def narrow(facts: LoopFacts, around: Surroundings) -> Iterator[str]:
    """Vectors that fill a part of a register."""
    if facts.arithmetic and 0 < facts.vector_bits < around.vector_bits:
        factor = around.vector_bits // facts.vector_bits
        yield (
            f"its vectors have {facts.vector_bits} bits of the {around.vector_bits} there are; "
            f"vectorize {factor} times as many elements."
        )


RULES = (
    spills,
    single_numbers,
    tail,
    scattered,
    calls,
    divisions,
    sums_in_memory,
    waiting,
    loads,
    addresses,
    narrow,
)


def _count(number: int, word: str) -> str:
    """E.g. `1 gather`, `2 gathers`."""
    return f"{number} {word}{'s' * (number != 1)}"
