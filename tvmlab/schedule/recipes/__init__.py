"""Recipes: named compositions of steps, one file each."""

from tvmlab.schedule.recipes.tile import Tile
from tvmlab.schedule.step import Step

RECIPES: tuple[type[Step], ...] = (Tile,)

__all__ = ["RECIPES", "Tile"]
