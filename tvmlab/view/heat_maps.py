"""Grids that show, for any moment of a run, what was touched of each buffer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np

from tvmlab.analysis.access_trace import AccessTrace
from tvmlab.analysis.reuse_distance import reuse_distances
from tvmlab.ir.buffer import Buffer
from tvmlab.view.schema import HeatMap

MOST_ROWS = 64
MOST_COLUMNS = 96
"""Cells of a map along each side: more could not be told apart on a screen."""

FOLDED = 32
"""Elements of a row where a buffer has one dimension, or rows of a single element."""

MEASURES = ("last", "times", "distance")
"""What maps can show; see `tvmlab.view.schema.LocalityView`."""


@dataclass(frozen=True)
class Grid:
    """The cells of a buffer, the first of which is number `first` of all.

    `rows` and `columns` count elements, `high` and `wide` those in a cell.
    """

    buffer: Buffer
    first: int
    rows: int
    columns: int
    high: int
    wide: int

    @classmethod
    def of(cls, buffer: Buffer, first: int) -> Grid:
        """Cells for all elements, each in memory beside its neighbours."""
        count = prod(buffer.extents)
        columns = buffer.extents[-1] if buffer.extents else 1
        if columns in (1, count):
            columns = min(count, FOLDED)
        rows = -(-count // columns)
        return cls(buffer, first, rows, columns, -(-rows // MOST_ROWS), -(-columns // MOST_COLUMNS))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of cells."""
        return -(-self.rows // self.high), -(-self.columns // self.wide)

    def cells(self, elements: np.ndarray) -> np.ndarray:
        """The numbers, among the cells of all buffers, of elements by their places in memory."""
        row, column = elements // self.columns // self.high, elements % self.columns // self.wide
        found: np.ndarray = (self.first + row * self.shape[1] + column).astype(np.int32)
        return found


class HeatMaps:
    """The maps of a trace: worked out for a moment when they are asked for, in milliseconds."""

    def __init__(self, trace: AccessTrace) -> None:
        self.trace = trace
        grids: list[Grid] = []
        for buffer in trace.buffers:
            before = grids[-1].first + prod(grids[-1].shape) if grids else 0
            grids.append(Grid.of(buffer, before))
        self._grids = grids
        self._count = grids[-1].first + prod(grids[-1].shape)

    @cached_property
    def distances(self) -> np.ndarray:
        """(n,) the reuse distance of each access, in elements; -1 at first."""
        return reuse_distances(self.trace.element_ids)

    @cached_property
    def _cells(self) -> np.ndarray:
        cells = np.empty(len(self.trace), np.int32)
        for number, grid in enumerate(self._grids):
            own = self.trace.buffer == number
            cells[own] = grid.cells(self.trace.element[own])
        return cells

    @cached_property
    def _moment_of(self) -> np.ndarray:
        """(n,) the statement that each access belongs to."""
        stores = self.trace.is_write
        moments: np.ndarray = np.cumsum(stores, dtype=np.int32) - stores
        return moments

    def views(self, measure: str, moment: int) -> list[HeatMap]:
        """The map of each buffer when statement `moment` has run."""
        now = self.trace.moment(moment)
        past = self._cells[: now.stop]
        values = np.full(self._count, -1, np.int64)
        if measure == "times":
            counted = np.bincount(past, minlength=self._count)
            values = np.where(counted > 0, counted, -1)
        else:  # of several uses of a cell NumPy keeps the last
            told = self._moment_of if measure == "last" else np.maximum(self.distances, 0)
            values[past] = told[: now.stop]
        return [self._view(number, grid, values, now) for number, grid in enumerate(self._grids)]

    def _view(self, number: int, grid: Grid, values: np.ndarray, now: slice) -> HeatMap:
        rows, columns = grid.shape
        own = self.trace.buffer[now] == number
        touched = self._cells[now][own] - grid.first
        written = touched[self.trace.is_write[now][own]]
        return {
            "buffer": grid.buffer.name,
            "facts": f"{grid.buffer.dtype} {'×'.join(map(str, grid.buffer.extents))}",
            "rows": rows,
            "columns": columns,
            "cell_rows": grid.high,
            "cell_columns": grid.wide,
            "values": values[grid.first : grid.first + rows * columns].tolist(),
            "now": sorted(set(touched.tolist())),
            "written": sorted(set(written.tolist())),
        }
