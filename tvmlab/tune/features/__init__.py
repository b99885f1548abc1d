"""Features of cost models, by name. To add one: its file, its line here, its test."""

from collections.abc import Callable
from functools import partial

from tvmlab.tune.features.feature import Feature, Features
from tvmlab.tune.features.knob import KnobFeatures
from tvmlab.tune.features.program import KINDS, ProgramFeatures, program_features
from tvmlab.tune.space import Space

FEATURES: dict[str, Callable[[Space], Features]] = {
    KnobFeatures.name: KnobFeatures,
    **{name: partial(ProgramFeatures, kind=kind) for name, kind in KINDS.items()},
}
"""Name -> what makes the features of a space."""

__all__ = ["FEATURES", "Feature", "Features", "KnobFeatures", "program_features"]
