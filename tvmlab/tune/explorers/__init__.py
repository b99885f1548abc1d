"""Explorers, by name. To add one: its file, its line here, its test."""

from tvmlab.tune.explorers.evolutionary import EvolutionaryExplorer
from tvmlab.tune.explorers.genetic import GeneticExplorer
from tvmlab.tune.explorers.grid import GridExplorer
from tvmlab.tune.explorers.guided import GuidedExplorer
from tvmlab.tune.explorers.random import RandomExplorer

EXPLORERS = {
    explorer.name: explorer
    for explorer in (
        GuidedExplorer,
        EvolutionaryExplorer,
        RandomExplorer,
        GridExplorer,
        GeneticExplorer,
    )
}
"""Explorer name -> class; each takes a space and a seed."""


__all__ = ["EXPLORERS", "GuidedExplorer", "RandomExplorer"]
