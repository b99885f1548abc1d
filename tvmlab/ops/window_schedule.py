"""What the templates of windowed operators share: the zeros' stage, and loops written out."""

from __future__ import annotations

from collections.abc import Mapping

from tvmlab.ir import dtypes
from tvmlab.ops.knobs import ChoiceKnob
from tvmlab.ops.nest import Nest, Part
from tvmlab.ops.register_tile import lane_choices
from tvmlab.ops.vector_unit import VectorUnit

MAX_POSITIONS = 9
"""Window positions that are written out: with 28 rows they make 252 copies of a statement, and
more only lengthens compilation."""


def pad_nest(
    extents: Mapping[str, int], dtype: str, vectors: VectorUnit, parallel: int = 0
) -> Nest:
    """The nest of the stage that `Window.pad` makes: vectors along the columns.

    Args:
        extents: the loops it ranges over, columns last.
        dtype: of the image.
        parallel: how many of the outermost loops are shared out.
    """
    *outer, w = extents
    lanes = lane_choices(extents[w], dtypes.size_bytes(dtype), vectors)[-1]
    return Nest(
        extents=extents,
        cuts={w: (lanes,)},
        order=[*((name, 0) for name in outer), (w, 0), (w, 1)],
        parallel=parallel,
        vectorized=(w, 1),
    )


def unroll_knob(kernel: tuple[int, ...]) -> ChoiceKnob:
    """Which loops over a window's positions are written out: none, one row of it, or all."""
    rows, columns = kernel
    options = ["none"]
    if 1 < columns <= MAX_POSITIONS:
        options.append("columns")
    if rows > 1 and rows * columns <= MAX_POSITIONS:
        options.append("window")
    return ChoiceKnob("unroll", tuple(options))


def written_out(choice: str, rows: str, columns: str) -> list[Part]:
    """The parts to unroll for an option of `unroll_knob`, for the loops of these names."""
    return {"none": [], "columns": [(columns, 0)], "window": [(rows, 0), (columns, 0)]}[choice]
