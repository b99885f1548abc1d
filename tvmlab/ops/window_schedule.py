"""What the templates of windowed operators share: the zeros' stage, and loops written out."""

from __future__ import annotations

from tvmlab.ir import dtypes
from tvmlab.ops.knobs import ChoiceKnob
from tvmlab.ops.nest import Nest, Part, loop_names
from tvmlab.ops.register_tile import lane_choices
from tvmlab.ops.vector_unit import VectorUnit
from tvmlab.te import Tensor

MAX_POSITIONS = 9
"""Window positions that are written out: with 28 rows they make 252 copies of a statement, and
more only lengthens compilation."""


def pad_nest(padded: Tensor, vectors: VectorUnit, parallel: bool) -> Nest:
    """The nest of the stage that `Window.pad` makes: images and channels are shared out."""
    n, c, h, w = names = loop_names(padded)
    choices = lane_choices(padded.extents[3], dtypes.size_bytes(padded.dtype), vectors)
    return Nest(
        extents=dict(zip(names, padded.extents, strict=True)),
        cuts={w: (choices[-1],)},
        order=[(n, 0), (c, 0), (h, 0), (w, 0), (w, 1)],
        parallel=2 if parallel else 0,
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
