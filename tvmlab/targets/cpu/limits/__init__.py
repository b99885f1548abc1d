"""What this processor offers, and the best it was measured to do."""

from tvmlab.targets.cpu.limits.facts import machine_facts
from tvmlab.targets.cpu.limits.features import CpuFeatures, cpu_features
from tvmlab.targets.cpu.limits.peaks import CpuPeaks, cpu_peaks, measure_peaks

__all__ = ["CpuFeatures", "CpuPeaks", "cpu_features", "cpu_peaks", "machine_facts", "measure_peaks"]
