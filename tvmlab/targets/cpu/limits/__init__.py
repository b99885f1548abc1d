"""What this processor offers, and the best it was measured to do."""

from tvmlab.targets.cpu.limits.features import CpuFeatures, cpu_features

__all__ = ["CpuFeatures", "cpu_features"]
