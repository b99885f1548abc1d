"""Recipes: named compositions of steps, one file each."""

from tvmlab.schedule.recipes.cooperative_fetch import CooperativeFetch
from tvmlab.schedule.recipes.tile import Tile
from tvmlab.schedule.step import Step

RECIPES: tuple[type[Step], ...] = (Tile, CooperativeFetch)

__all__ = ["RECIPES", "CooperativeFetch", "Tile"]
