"""tvmlab: a laboratory for tensor programs.

    import tvmlab as t

    A = t.placeholder((1024, 1024), name="A")
    B = t.placeholder((1024, 1024), name="B")
    k = t.reduce_axis((0, 1024), name="k")
    C = t.compute((1024, 1024), lambda y, x: t.sum(A[k, y] * B[k, x], axis=k), name="C")
    s = t.create_schedule(C)
    t.Lab(s)

Names are loaded when first used, so that importing costs little.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from tvmlab.version import __version__

_HOMES = {
    "tvmlab.api": (
        "Run",
        "apply_best",
        "Schedule",
        "build",
        "create_schedule",
        "replay",
        "specialise",
        "tune",
        "with_constants",
    ),
    "tvmlab.errors": (
        "DatabaseError",
        "ExpressionError",
        "MeasureError",
        "ParseError",
        "Refusal",
        "ScheduleError",
        "TargetError",
        "TraceError",
        "TvmlabError",
        "UsageError",
        "VerifyError",
    ),
    "tvmlab.graph.tasks": ("tune_model",),
    "tvmlab.ir.arrays": ("empty",),
    "tvmlab.ir.expr": ("maximum", "minimum", "select"),
    "tvmlab.ir.parse": ("parse_program",),
    "tvmlab.learn.grade": ("grade",),
    "tvmlab.learn.library": ("exercise",),
    "tvmlab.schedule.caution": ("ScheduleWarning",),
    "tvmlab.schedule.hole": ("hole", "sample_categorical", "sample_perfect_tile"),
    "tvmlab.schedule.primitives": (
        "AddUnitLoop",
        "Annotate",
        "Bind",
        "Blockize",
        "CacheRead",
        "CacheWrite",
        "ComputeAt",
        "ComputeInline",
        "DecomposeReduction",
        "DoubleBuffer",
        "Fission",
        "Fuse",
        "Merge",
        "PadEinsum",
        "Parallel",
        "Partition",
        "Prefetch",
        "Reorder",
        "ReverseComputeAt",
        "Rfactor",
        "Split",
        "Tensorize",
        "Unannotate",
        "Unroll",
        "Vectorize",
    ),
    "tvmlab.schedule.recipes": ("CooperativeFetch", "Tile"),
    "tvmlab.schedule.recording": ("recipe",),
    "tvmlab.targets.cpu.build.patience": ("set_compile_limit",),
    "tvmlab.targets.cpu.library": ("load",),
    "tvmlab.targets.cpu.threads": ("set_affinity", "set_num_threads"),
    "tvmlab.te": (
        "Tensor",
        "abs",
        "acos",
        "acosh",
        "all",
        "any",
        "argmax",
        "argmin",
        "asin",
        "asinh",
        "atan",
        "atan2",
        "atanh",
        "bitwise_and",
        "bitwise_not",
        "bitwise_or",
        "bitwise_xor",
        "cast",
        "ceil",
        "ceildiv",
        "clip",
        "clz",
        "comm_reducer",
        "compute",
        "const",
        "copysign",
        "cos",
        "cosh",
        "div",
        "erf",
        "exp",
        "extern",
        "exp10",
        "exp2",
        "expm1",
        "fabs",
        "floor",
        "floordiv",
        "floormod",
        "fmod",
        "hypot",
        "if_then_else",
        "indexdiv",
        "indexmod",
        "infinity",
        "isfinite",
        "isinf",
        "isnan",
        "ldexp",
        "log",
        "log10",
        "log1p",
        "log2",
        "max",
        "max_value",
        "min",
        "min_value",
        "nearbyint",
        "placeholder",
        "popcount",
        "pow",
        "power",
        "prod",
        "reduce_axis",
        "round",
        "rsqrt",
        "scan",
        "shift_left",
        "shift_right",
        "sigmoid",
        "sin",
        "sinh",
        "sqrt",
        "sum",
        "tan",
        "tanh",
        "tf32",
        "trunc",
        "truncdiv",
        "truncmod",
        "var",
    ),
    "tvmlab.tune.client": ("attach",),
    "tvmlab.tune.logs": ("read_log",),
    "tvmlab.ui": ("Lab",),
    "tvmlab.ui.figure": ("figure",),
    "tvmlab.ui.magics": ("load_ipython_extension",),
}
_WHERE = {name: home for home, names in _HOMES.items() for name in names}

__all__ = ["__version__", "graph", "intrin", "ops", *sorted(_WHERE)]


def __getattr__(name: str) -> Any:
    """The public name, from the module that defines it (PEP 562)."""
    if name in ("graph", "intrin", "ops", "schedule"):
        return importlib.import_module(f"tvmlab.{name}")
    home = _WHERE.get(name)
    if home is None:
        raise AttributeError(f"module 'tvmlab' has no attribute {name!r}")
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


class _Package(ModuleType):
    """This module: `tune` is the function, though a folder of that name holds its parts."""

    @property
    def tune(self) -> Callable[..., Any]:
        """`tvmlab.api.tune`; importing the folder must not put itself in its place."""
        function: Callable[..., Any] = importlib.import_module("tvmlab.api").tune
        return function

    @tune.setter
    def tune(self, folder: ModuleType) -> None:
        """What the import system sets when a part of the folder is first imported: ignored."""


sys.modules[__name__].__class__ = _Package
