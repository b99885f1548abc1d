"""The planted bugs, room by room."""

from tests.power.bugs import (
    analysis,
    emit,
    folds,
    front,
    instructions,
    layout,
    lower,
    schedule,
    sizes,
)
from tests.power.planting import Room

ROOMS: tuple[Room, ...] = (
    *front.ROOMS,
    *analysis.ROOMS,
    *schedule.ROOMS,
    *instructions.ROOMS,
    *layout.ROOMS,
    *lower.ROOMS,
    *folds.ROOMS,
    *emit.ROOMS,
    *sizes.ROOMS,
)
