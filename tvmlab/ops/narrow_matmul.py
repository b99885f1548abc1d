"""Products of matrices of narrow numbers, summed in wide ones, as neural networks are run with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tvmlab import te
from tvmlab.errors import UsageError
from tvmlab.intrin import dot2_bf16, dot4_u8s8
from tvmlab.ir.expr import const, select
from tvmlab.ir.instruction import Instruction
from tvmlab.ops.checks import size
from tvmlab.ops.choices import powers, switch
from tvmlab.ops.knobs import ChoiceKnob, Knob, Option
from tvmlab.ops.nest import Nest, Part, blocks, extents_of, inner_extents, loop_names
from tvmlab.ops.operator import Operator
from tvmlab.ops.register_tile import ROWS, waste
from tvmlab.ops.schedule_template import ScheduleTemplate
from tvmlab.ops.workload import Array, Workload
from tvmlab.schedule import Schedule
from tvmlab.te import Tensor
from tvmlab.te.graph import inputs

LANES = 16
"""Results of one instruction."""

PANEL = 32
"""Columns whose weights stand together: two vectors, which eight rows make a tile of 16."""


@dataclass(frozen=True)
class Kind:
    """Narrow operands and their sums.

    Attributes:
        dtype, weight_dtype: of A and of B.
        out_dtype: of the sums.
        group: terms that one lane of the instruction adds.
        instruction: the name of the instruction.
    """

    dtype: str
    weight_dtype: str
    out_dtype: str
    group: int
    instruction: Instruction


KINDS = {
    kind.dtype: kind
    for kind in (
        Kind("uint8", "int8", "int32", 4, dot4_u8s8),
        Kind("bfloat16", "bfloat16", "float32", 2, dot2_bf16),
    )
}
"""By the dtype of A."""


def narrow_matmul(m: int, n: int, k: int, dtype: str = "uint8") -> Workload:
    """The product of two matrices of narrow numbers.

    C[y, x] = sum over k of wide(A[y, k]) * wide(B[k, x]), as NumPy's `A @ B` in the wide dtype:
    uint8 with int8 weights in int32 (modulo 2**32), or bfloat16 with bfloat16 in float32. B is
    first packed in panels of 32 columns, in which the terms that one instruction adds stand
    side by side; what is missing to whole panels is zero.

    Args:
        m, n: rows and columns of C.
        k: the length of the sums.
        dtype: of A: uint8 or bfloat16.

    Raises:
        UsageError: an argument is out of its range.
    """
    name = "narrow_matmul"
    m, n, k = size(name, "m", m), size(name, "n", n), size(name, "k", k)
    kind = KINDS.get(dtype)
    if kind is None:
        raise UsageError(f"{name} was given dtype={dtype!r}; it is one of {', '.join(KINDS)}.")
    out = _product(m, n, k, kind)

    def compute(left: Array, right: Array) -> tuple[Array, ...]:
        return (left @ right,)

    args = {"m": m, "n": n, "k": k, "dtype": dtype}
    return Workload(name, args, (out,), 2 * m * n * k, compute, {"cpu": NarrowMatmulTemplate})


def _product(m: int, n: int, k: int, kind: Kind) -> Tensor:
    """The expression: packed weights, the product of whole panels, and what is asked for of it."""
    a = te.placeholder((m, k), kind.dtype, name="A")
    b = te.placeholder((k, n), kind.weight_dtype, name="B")
    group, panel = kind.group, min(PANEL, -(-n // LANES) * LANES)
    groups, panels = -(-k // group), -(-n // panel)
    packed = te.compute(
        (panels, groups, panel, group),
        lambda xo, ko, xi, ki: _within(
            b, (ko * group + ki, xo * panel + xi), (groups * group, panels * panel)
        ),
        name="W",
    )
    rows = a
    if k % group:
        rows = te.compute(
            (m, groups * group), lambda y, z: _within(a, (y, z), (m, groups * group)), name="P"
        )
    ko, ki = te.reduce_axis((0, groups), "ko"), te.reduce_axis((0, group), "ki")
    whole = te.compute(
        (m, panels * panel),
        lambda y, x: te.sum(
            rows[y, ko * group + ki].astype(kind.out_dtype)
            * packed[x // panel, ko, x % panel, ki].astype(kind.out_dtype),
            axis=(ko, ki),
        ),
        name="C" if n == panels * panel else "D",
    )
    if n == panels * panel:
        return whole
    return te.compute((m, n), lambda y, x: whole[y, x], name="C")


def _within(tensor: Tensor, at: tuple[Any, ...], reach: tuple[int, ...]) -> Any:
    """The element at these indices, which run up to `reach`; zero outside the tensor."""
    inside = None
    for index, extent, end in zip(at, tensor.extents, reach, strict=True):
        if end > extent:
            inside = index < extent if inside is None else inside & (index < extent)
    return tensor[at] if inside is None else select(inside, tensor[at], const(0, tensor.dtype))


class NarrowMatmulTemplate(ScheduleTemplate):
    """A panel of packed weights in the nearest cache, and tiles of a few rows that fold it."""

    kind = "narrow_matmul"

    def knobs(self, outputs: Sequence[Tensor]) -> tuple[Knob, ...]:
        """The rows of a tile, the rows of a block, and whether threads share the work."""
        m = outputs[0].extents[0]
        return (
            ChoiceKnob("rows", self._rows(outputs)),
            ChoiceKnob("block", powers(64, m)),
            switch("parallel"),
        )

    def default(self, outputs: Sequence[Tensor]) -> dict[str, Option]:
        """As many rows as registers hold, if few of them are wasted at the edge."""
        m = outputs[0].extents[0]
        rows = min(self._rows(outputs), key=lambda r: (1 + 1 / r) * waste(m, r))
        return {"rows": rows, "block": m, "parallel": True}

    def _rows(self, outputs: Sequence[Tensor]) -> tuple[int, ...]:
        m = outputs[0].extents[0]
        vectors = self.vectors.vectors(_panel(outputs), 4)
        return tuple(r for r in ROWS if r <= m and self.vectors.holds(r, vectors)) or (1,)

    def apply(self, schedule: Schedule, config: Mapping[str, Any]) -> None:
        """The product's nest around its instruction; what packs and copies stays as it is."""
        (out,) = schedule.outputs
        is_inside = out.extents[1] > _panel(schedule.outputs)
        for stage, name in blocks(schedule.outputs):
            if stage.reduce_axes:
                self._multiply(schedule, stage, name, config, is_inside and stage is not out)
            elif stage is not out or not is_inside:
                self._copy(schedule, name, config["parallel"])

    def _multiply(
        self,
        schedule: Schedule,
        stage: Tensor,
        name: str,
        config: Mapping[str, Any],
        is_inside: bool,
    ) -> None:
        """The product's nest around its instruction.

        Where the last panel is not full, whole tiles are computed inside a nest over the output,
        which takes of them what it needs while they are near; so they are where `is_inside`.
        """
        rows, block = config["rows"], config["block"]
        (out,) = schedule.outputs
        y, x, ko, ki = loop_names(stage)
        columns = _panel(schedule.outputs) // LANES
        cuts = {y: (max(1, block // rows), rows), x: (columns, LANES)}
        around: list[Part] = [(y, 0), (x, 0), (y, 1)]
        tile: list[Part] = [(ko, 0), (y, 2), (x, 1), (x, 2), (ki, 0)]
        shared = 3 if config["parallel"] else 0
        extents = extents_of(stage)
        if is_inside:
            lanes = {**cuts, x: (columns * LANES,)}
            order = [*around, (y, 2), (x, 1)]
            made = Nest(extents_of(out), order, lanes, shared, [(y, 2)], (x, 1)).apply(
                schedule[out]
            )
            at = made.get((y, 1), made[x, 0])
            schedule[name].compute_at(out, at)
            outside = [str(loop) for loop in schedule[name].loops].index(at) + 1
            extents = inner_extents(schedule, name, outside)
            cuts, shared = {**cuts, y: (1, rows)}, 0
        loops = Nest(extents, [*around, *tile], cuts, shared, [(y, 2), (x, 1)]).apply(
            schedule[name]
        )
        instruction = KINDS[inputs(schedule.outputs)[0].dtype].instruction
        schedule[name].tensorize(loops[x, 2], instruction.name)

    def _copy(self, schedule: Schedule, block: str, parallel: bool) -> None:
        """Whole panels apart from the one that is filled up, which tests every element; rows of
        the rest in vectors."""
        parts, extents = [block], inner_extents(schedule, block, 0)
        first, *_, last = extents
        if len(extents) == 4:
            panels, _, panel, _ = extents.values()
            whole = schedule.outputs[0].extents[1] // panel
            if 0 < whole < panels:
                before = set(schedule.blocks)
                schedule[block].partition(first, whole)
                parts += set(schedule.blocks) - before
        else:
            lanes = 4 * LANES
            inside = last if extents[last] <= lanes else schedule[block].split(last, lanes)[1]
            schedule[block].vectorize(inside)
        for part in parts if parallel else []:
            schedule[part].parallel(schedule[part].loops[0])


def _panel(outputs: Sequence[Tensor]) -> int:
    """The columns of a panel."""
    return min(PANEL, -(-outputs[0].extents[1] // LANES) * LANES)


def guesses(outputs: Sequence[Tensor]) -> Iterator[dict[str, Any]]:
    """One output of two inputs, by the dtype of the first."""
    out, given = outputs[0], inputs(outputs)
    if len(outputs) == 1 and [len(t.extents) for t in (out, *given)] == [2, 2, 2]:
        m, n = out.extents
        yield {"m": m, "n": n, "k": given[0].extents[1], "dtype": given[0].dtype}


OPERATOR = Operator(narrow_matmul, NarrowMatmulTemplate, ("m", "n", "k"), guesses)
