"""Statements as lines of text, each with the line of the scheduled program that it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tvmlab.arith.bounds import Interval
from tvmlab.arith.linear import Linear
from tvmlab.arith.simplify import linear, loop_range
from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Const, Expr, Select, Var
from tvmlab.ir.program import (
    Allocate,
    Barrier,
    Commit,
    For,
    If,
    Invoke,
    Let,
    Prefetch,
    Region,
    Seq,
    Stmt,
    Store,
)
from tvmlab.ir.shapes import as_index
from tvmlab.ir.walk import operands, stmts, variables
from tvmlab.targets.cfamily.dialect import Dialect
from tvmlab.targets.cfamily.names import Names
from tvmlab.targets.cfamily.values import Values, is_single
from tvmlab.targets.cfamily.vectors import width_of

Line = tuple[str, int]
"""A line of text, and the line of the scheduled program that it comes from (0: none)."""

LANES_IN_A_ROW = 16
"""Lanes that are written one below the other; more of them are a loop."""


class Statements:
    """Prints the statements of one kernel.

    Attributes:
        dialect: the language.
        names, values: of the kernel.
        lines: the printed lines so far.
    """

    def __init__(
        self,
        dialect: Dialect,
        names: Names,
        ranges: dict[Var, Interval],
        program_lines: Mapping[Var | str, int],
        apart: frozenset[Var] = frozenset(),
    ) -> None:
        self.dialect = dialect
        self.names = names
        self.values = Values(dialect, names, ranges)
        self.lines: list[Line] = []
        self._program_lines = program_lines
        self._apart = apart
        self._loops = 0
        self._parts = 0
        self._now = 0

    def put(self, depth: int, text: str) -> None:
        """Add a line."""
        self.lines.append(("    " * depth + text, self._now))

    def axis(self, axis: str, var: Var) -> None:
        """Add the line that names a thread's or block's number."""
        self._now = self._program_lines.get(var, 0)
        kind = "int" if self.values.is_narrow(var) else self.dialect.type_of(INDEX)
        self.put(1, f"const {kind} {self.names.of(var)} = {self.dialect.axes[axis]};")
        self._now = 0

    def leave(self) -> None:
        """Add the end of the kernel."""
        self._now = 0
        self.put(0, "}")

    def stmt(self, s: Stmt, depth: int) -> None:
        """Add the lines of a statement."""
        if isinstance(s, Seq):
            for part in s.stmts:
                self.stmt(part, depth)
        elif isinstance(s, For):
            self._loop(s, depth)
        elif isinstance(s, Store):
            self._now = self._program_lines.get(s.source or "", self._now)
            self._store(s, depth)
        elif isinstance(s, If):
            self._branch(s, depth)
        elif isinstance(s, Let):
            self._let(s, depth)
            self.stmt(s.body, depth)
        elif isinstance(s, Allocate):
            self._allocate(s.buffer, depth)
            self.stmt(s.body, depth)
        elif isinstance(s, Barrier):
            self.put(depth, self.dialect.barrier(s.buffers, s.pending))
        elif isinstance(s, Commit):
            for line in self.dialect.commit():
                self.put(depth, line)
        elif isinstance(s, Invoke):
            self._invoke(s, depth)
        else:
            assert isinstance(s, Prefetch), "blocks are gone from lowered programs"

    def _loop(self, s: For, depth: int) -> None:
        self._now = self._program_lines.get(s.var, self._now)
        known = self.values.ranges
        low, high = loop_range(s, known)
        before = known.get(s.var, (low, high))
        known[s.var] = (min(low, before[0]), max(high, before[1]))
        name = self.names.of(s.var)
        kind = "int" if self.values.is_narrow(s.var) else self.dialect.type_of(INDEX)
        end = self.values.text(as_index(s.extent), 61)
        first, parts = len(self.lines), self._parts
        self.put(depth, f"for ({kind} {name} = 0; {name} < {end}; ++{name}) {{")
        self._loops += 1
        self.stmt(s.body, depth + 1)
        self._loops -= 1
        self.put(depth, "}")
        if s.kind == "unrolled":
            said = self.dialect.unroll_hidden if self._parts > parts else [self.dialect.unroll]
            number = self.lines[first][1]
            self.lines[first:first] = [("    " * depth + line, number) for line in said]

    def _branch(self, s: If, depth: int) -> None:
        if s.condition.lanes > 1:
            for inner in self._lanes(s.condition.lanes, depth):
                self.put(inner, f"if ({self.values.text(s.condition)}) {{")
                self._of_lane(s.then, inner + 1)
                self.put(inner, "}")
            return
        lines = self.dialect.branch(s, self._address, self.values.text)
        if lines:
            for line in lines:
                self.put(depth, line)
            return
        self.put(depth, f"if ({self._condition(s.condition)}) {{")
        self.stmt(s.then, depth + 1)
        if s.otherwise is not None:
            self.put(depth, "} else {")
            self.stmt(s.otherwise, depth + 1)
        self.put(depth, "}")

    def _condition(self, condition: Expr) -> str:
        """The text of a condition, hidden where threads part in a loop."""
        said = self.values.text(condition)
        if not self._loops or not variables(condition) & self._apart:
            return said
        name, helper = self.dialect.hidden
        self.values.helpers[name] = helper
        self._parts += 1
        return f"{name}({said})"

    def _of_lane(self, s: Stmt, depth: int) -> None:
        """What a masked statement does in the lane that is meant."""
        if isinstance(s, Seq):
            for part in s.stmts:
                self._of_lane(part, depth)
        elif isinstance(s, If):
            self.put(depth, f"if ({self.values.text(s.condition)}) {{")
            self._of_lane(s.then, depth + 1)
            self.put(depth, "}")
        elif isinstance(s, Store):
            self._now = self._program_lines.get(s.source or "", self._now)
            self._assign(s, depth)
        elif isinstance(s, Let):
            kind = self.dialect.type_of(s.value.dtype)
            name = self.names.of(s.var)
            text = self.values.text(s.value)
            if s.var.lanes > 1:
                self.put(depth, f"{kind} {name}[{s.var.lanes}];")
                self.put(depth, f"{name}[{self.values.text(self.values.lane)}] = {text};")
            else:
                self.put(depth, f"const {kind} {name} = {text};")
            self._of_lane(s.body, depth)
        else:
            self.stmt(s, depth)

    def _let(self, s: Let, depth: int) -> None:
        kind, name = self.dialect.type_of(s.value.dtype), self.names.of(s.var)
        if s.var.lanes == 1:
            self.put(depth, f"const {kind} {name} = {self.values.text(s.value)};")
            return
        self.put(depth, f"{kind} {name}[{s.var.lanes}];")
        for inner in self._lanes(s.var.lanes, depth):
            lane = self.values.text(self.values.lane)
            self.put(inner, f"{name}[{lane}] = {self.values.text(s.value)};")

    def _allocate(self, buffer: Buffer, depth: int) -> None:
        kind, name = self.dialect.memory_type(buffer.dtype), self.names.of(buffer)
        if is_single(buffer):
            self.put(depth, f"{kind} {name};")
            return
        size = buffer.size_bytes // dtypes.size_bytes(buffer.dtype)
        for line in self.dialect.array(buffer, kind, name, size):
            self.put(depth, line)

    def _invoke(self, s: Invoke, depth: int) -> None:
        if s.name not in self.dialect.instructions:
            self.stmt(s.body, depth)
            return
        source = next((x.source for x in stmts(s.body) if isinstance(x, Store)), None)
        self._now = self._program_lines.get(source or "", self._now)
        for line in self.dialect.invoke(s, self._address, self.values.text):
            self.put(depth, line)

    def _address(self, region: Region) -> str:
        """The pointer to a region's first element."""
        name = self.names.of(region.buffer)
        if is_single(region.buffer):
            return f"&{name}"
        where = self.values.offset(region.buffer, tuple(start for start, _ in region.bounds))
        return f"{name} + {self.values.text(where, 71)}"

    # Stores

    def _store(self, s: Store, depth: int) -> None:
        lanes = max([s.value.lanes, *(i.lanes for i in s.indices)])
        if lanes == 1:
            self._assign(s, depth)
            return
        found = [e for e in _unguarded_loads(s.value) if self._is_row(e.buffer, e.indices, lanes)]
        stores_row = self._is_row(s.buffer, s.indices, lanes)
        rows = [(e.buffer, e.indices) for e in found]
        rows += [(s.buffer, s.indices)] if stores_row else []
        width = width_of(self.values, self.dialect, rows, lanes)
        if width == 1:
            for inner in self._lanes(lanes, depth):
                self._assign(s, inner)
            return
        for start in range(0, lanes, width):
            self._store_chunk(s, found, stores_row, range(start, start + width), depth)
        self.values.lane, self.values.loaded = Const(0, INDEX), {}

    def _store_chunk(
        self, s: Store, found: list[Load], stores_row: bool, chunk: range, depth: int
    ) -> None:
        """Some lanes of a store, whose rows are loaded and stored at once."""
        values, width = self.values, len(chunk)
        values.lane = Const(chunk.start, INDEX)
        loaded: dict[int, tuple[str, int]] = {}
        for e in found:
            kind = self.dialect.memory_type(e.dtype)
            name = self.names.fresh(f"{e.buffer.name}_{width}")
            said = self.dialect.load_vector(kind, width, self._row(e.buffer, e.indices))
            self.put(depth, f"const {self.dialect.vector_type(kind, width)} {name} = {said};")
            loaded[id(e)] = (name, chunk.start)
        values.loaded = loaded
        said_lanes: list[str] = []
        for lane in chunk:
            values.lane = Const(lane, INDEX)
            if stores_row:
                said_lanes.append(values.to_memory(s.value, s.buffer.dtype))
            else:
                self._assign(s, depth)
        if stores_row:
            values.lane = Const(chunk.start, INDEX)
            kind = self.dialect.memory_type(s.buffer.dtype)
            row = self._row(s.buffer, s.indices)
            self.put(depth, self.dialect.store_vector(kind, width, row, said_lanes))

    def _row(self, buffer: Buffer, indices: tuple[Expr, ...]) -> str:
        """The pointer to the element of the lane that is meant."""
        where = self.values.offset(buffer, indices)
        return f"{self.names.of(buffer)} + {self.values.text(where, 71)}"

    def _is_row(self, buffer: Buffer, indices: tuple[Expr, ...], lanes: int) -> bool:
        """Whether the lanes of an access are neighbours in memory, one after the other."""
        if buffer.scope in ("register", "local", "warp") or all(i.lanes == 1 for i in indices):
            return False
        values, lane = self.values, Var("lane")
        before, values.lane = values.lane, lane
        values.ranges[lane] = (0, lanes - 1)
        place = linear(values.offset(buffer, indices), values.ranges)
        values.lane = before
        del values.ranges[lane]
        return lane not in variables(place.plus(Linear({lane: 1}, 0), -1).expr())

    def _assign(self, s: Store, depth: int) -> None:
        """One element."""
        value = self.values.to_memory(s.value, s.buffer.dtype)
        self.put(depth, f"{self.values.element(s.buffer, s.indices)} = {value};")

    def _lanes(self, lanes: int, depth: int) -> Iterator[int]:
        """The depth of statements for each lane in turn, or once for all in a loop over them."""
        values = self.values
        if lanes <= LANES_IN_A_ROW:
            for lane in range(lanes):
                values.lane = Const(lane, INDEX)
                yield depth
        else:
            lane_var = Var("lane")
            name = self.names.of(lane_var)
            values.ranges[lane_var] = (0, lanes - 1)
            values.lane = lane_var
            self.put(depth, self.dialect.unroll)
            self.put(depth, f"for (int {name} = 0; {name} < {lanes}; ++{name}) {{")
            yield depth + 1
            self.put(depth, "}")
        values.lane = Const(0, INDEX)


def _unguarded_loads(e: Expr) -> Iterator[Load]:
    """The loads that are done in any case: not those in the sides of a choice."""
    if isinstance(e, Load):
        yield e
    below = (e.condition,) if isinstance(e, Select) else operands(e)
    for x in below:
        yield from _unguarded_loads(x)
