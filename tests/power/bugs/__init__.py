"""The planted bugs, room by room."""

from tests.power.bugs import (
    analysis,
    devices,
    emit_memory,
    emit_values,
    execution,
    folds,
    front,
    instructions,
    layout,
    loops,
    lower,
    matrices,
    places,
    reading,
    running,
    sizes,
)
from tests.power.planting import Room

ROOMS: tuple[Room, ...] = (
    *front.ROOMS,
    *analysis.ROOMS,
    *loops.ROOMS,
    *places.ROOMS,
    *execution.ROOMS,
    *instructions.ROOMS,
    *layout.ROOMS,
    *lower.ROOMS,
    *devices.ROOMS,
    *matrices.ROOMS,
    *folds.ROOMS,
    *emit_values.ROOMS,
    *emit_memory.ROOMS,
    *reading.ROOMS,
    *running.ROOMS,
    *sizes.ROOMS,
)
