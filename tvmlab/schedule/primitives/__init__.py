"""The primitives: every way to change a schedule, one file each."""

from tvmlab.schedule.primitives.fuse import Fuse
from tvmlab.schedule.primitives.parallel import Parallel
from tvmlab.schedule.primitives.reorder import Reorder
from tvmlab.schedule.primitives.split import Split
from tvmlab.schedule.primitives.unroll import Unroll
from tvmlab.schedule.primitives.vectorize import Vectorize
from tvmlab.schedule.step import Step

PRIMITIVES: tuple[type[Step], ...] = (Split, Fuse, Reorder, Vectorize, Unroll, Parallel)

__all__ = ["PRIMITIVES", "Fuse", "Parallel", "Reorder", "Split", "Unroll", "Vectorize"]
