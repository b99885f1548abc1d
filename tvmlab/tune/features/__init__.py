"""Features of cost models, by name. To add one: its file, its line here, its test."""

from collections.abc import Callable

from tvmlab.tune.features.feature import Feature, Features
from tvmlab.tune.features.knob import KnobFeatures
from tvmlab.tune.space import Space

FEATURES: dict[str, Callable[[Space], Features]] = {kind.name: kind for kind in (KnobFeatures,)}
"""Name -> what makes the features of a space."""

__all__ = ["FEATURES", "Feature", "Features", "KnobFeatures"]
