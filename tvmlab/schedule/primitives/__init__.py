"""The primitives: every way to change a schedule, one file each."""

from tvmlab.schedule.primitives.add_unit_loop import AddUnitLoop
from tvmlab.schedule.primitives.annotate import Annotate
from tvmlab.schedule.primitives.bind import Bind
from tvmlab.schedule.primitives.blockize import Blockize
from tvmlab.schedule.primitives.cache_read import CacheRead
from tvmlab.schedule.primitives.cache_write import CacheWrite
from tvmlab.schedule.primitives.compute_at import ComputeAt
from tvmlab.schedule.primitives.compute_inline import ComputeInline
from tvmlab.schedule.primitives.compute_root import ComputeRoot
from tvmlab.schedule.primitives.decompose_reduction import DecomposeReduction
from tvmlab.schedule.primitives.double_buffer import DoubleBuffer
from tvmlab.schedule.primitives.fission import Fission
from tvmlab.schedule.primitives.fuse import Fuse
from tvmlab.schedule.primitives.merge import Merge
from tvmlab.schedule.primitives.pad_einsum import PadEinsum
from tvmlab.schedule.primitives.parallel import Parallel
from tvmlab.schedule.primitives.partition import Partition
from tvmlab.schedule.primitives.prefetch import Prefetch
from tvmlab.schedule.primitives.reindex import Reindex
from tvmlab.schedule.primitives.reorder import Reorder
from tvmlab.schedule.primitives.rescale import Rescale
from tvmlab.schedule.primitives.reverse_compute_at import ReverseComputeAt
from tvmlab.schedule.primitives.reverse_compute_inline import ReverseComputeInline
from tvmlab.schedule.primitives.rfactor import Rfactor
from tvmlab.schedule.primitives.rolling_buffer import RollingBuffer
from tvmlab.schedule.primitives.set_scope import SetScope
from tvmlab.schedule.primitives.skip_zeros import SkipZeros
from tvmlab.schedule.primitives.split import Split
from tvmlab.schedule.primitives.storage_align import StorageAlign
from tvmlab.schedule.primitives.swizzle import Swizzle
from tvmlab.schedule.primitives.tensorize import Tensorize
from tvmlab.schedule.primitives.transform_block_layout import TransformBlockLayout
from tvmlab.schedule.primitives.transform_layout import TransformLayout
from tvmlab.schedule.primitives.tree_reduce import TreeReduce
from tvmlab.schedule.primitives.unannotate import Unannotate
from tvmlab.schedule.primitives.unroll import Unroll
from tvmlab.schedule.primitives.vectorize import Vectorize
from tvmlab.schedule.step import Step

PRIMITIVES: tuple[type[Step], ...] = (
    Split,
    Fuse,
    Reorder,
    Partition,
    Fission,
    Merge,
    Vectorize,
    Unroll,
    Parallel,
    Bind,
    AddUnitLoop,
    Annotate,
    Unannotate,
    ComputeAt,
    ReverseComputeAt,
    ComputeRoot,
    ComputeInline,
    ReverseComputeInline,
    CacheRead,
    CacheWrite,
    DoubleBuffer,
    Prefetch,
    TransformLayout,
    TransformBlockLayout,
    RollingBuffer,
    Reindex,
    SetScope,
    StorageAlign,
    Swizzle,
    DecomposeReduction,
    Rfactor,
    Rescale,
    PadEinsum,
    SkipZeros,
    TreeReduce,
    Blockize,
    Tensorize,
)

__all__ = [
    "PRIMITIVES",
    "AddUnitLoop",
    "Annotate",
    "Bind",
    "Blockize",
    "CacheRead",
    "CacheWrite",
    "ComputeAt",
    "ComputeInline",
    "ComputeRoot",
    "DecomposeReduction",
    "DoubleBuffer",
    "Fission",
    "Fuse",
    "Merge",
    "PadEinsum",
    "Parallel",
    "Partition",
    "Prefetch",
    "Reindex",
    "Reorder",
    "Rescale",
    "ReverseComputeAt",
    "ReverseComputeInline",
    "Rfactor",
    "RollingBuffer",
    "SetScope",
    "SkipZeros",
    "Split",
    "StorageAlign",
    "Swizzle",
    "Tensorize",
    "Unannotate",
    "TransformBlockLayout",
    "TransformLayout",
    "TreeReduce",
    "Unroll",
    "Vectorize",
]
