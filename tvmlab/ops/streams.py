"""Results that are too large to stay in the caches, and so are written past them."""

from __future__ import annotations

from tvmlab.analysis.streaming import LEAST_BYTES, NONTEMPORAL
from tvmlab.ir import dtypes
from tvmlab.ops.knobs import ChoiceKnob
from tvmlab.schedule.stage import Stage
from tvmlab.te import Tensor

MOST_KEPT_BYTES = 8 << 20
"""Size of a result up to which whoever reads it next may find it in the caches: with an operand of
its size beside it, half of a third-level cache of 32 MiB, and all that most machines have."""

STREAM = ChoiceKnob("stream", (False, True))
"""Whether the result is written past the caches."""


def is_streamed(out: Tensor) -> bool:
    """Whether a result had better be written past the caches, going by its size."""
    return out.size_bytes > MOST_KEPT_BYTES


def stream(stage: Stage, out: Tensor, loop: str | None, lanes: int) -> None:
    """Write `out` past the caches in the serial loop around vectors of `lanes`, if there is one."""
    if loop is not None and lanes * dtypes.size_bytes(out.dtype) % LEAST_BYTES == 0:
        stage.annotate(loop, NONTEMPORAL, out.name)
