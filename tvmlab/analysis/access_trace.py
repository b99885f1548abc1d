"""Every access of a program to memory, in the order in which a serial run makes them.

No loop is run. As each iteration of a loop has room for the same accesses, happening or not, the
place of an access in the sequence is a sum over its loops; so each load and store of the text
fills in a strided view of the sequence, and what its conditions keep from happening is dropped in
the end. A million accesses take hundredths of a second.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from tvmlab.analysis.accesses import Access, accesses
from tvmlab.analysis.index_values import IndexValues, flat_values
from tvmlab.errors import UsageError
from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.expr import Var
from tvmlab.ir.program import Program
from tvmlab.ir.shapes import sizes_of

MOST_ROOM = 1 << 26
"""Accesses, happening or not, of a program that is traced: a quarter of a gigabyte."""

ALIGNMENT = 64
"""Bytes: every buffer begins at a multiple of it."""


@dataclass(frozen=True)
class Site:
    """A load or store of the program's text: its access, and where its instances stand.

    Attributes:
        access: what is touched.
        buffer: the position of what is touched among the trace's buffers.
        start: the place of its first instance in the sequence.
        strides: how many places further each loop's next iteration is, outermost loop first.
    """

    access: Access
    buffer: int
    start: int
    strides: tuple[int, ...]

    @property
    def extents(self) -> tuple[int, ...]:
        """Iterations of the loops around it."""
        return tuple(int(o.extent) for o in self.access.loops)  # type: ignore[arg-type]

    def values(self, place: int) -> list[int]:
        """What its loops stand at where the sequence has come to `place`."""
        left, found = place - self.start, []
        for stride in self.strides:
            found.append(left // stride)
            left %= stride
        return found


@dataclass(frozen=True)
class AccessTrace:
    """The accesses of one run, in order.

    Attributes:
        buffers: what is touched, parameters first.
        sites: loads and stores of the text.
        site: (n,) which of them makes each access.
        element: (n,) the position in its buffer's memory, in elements.
        place: (n,) its place among all accesses that could happen; grows.
    """

    buffers: tuple[Buffer, ...]
    sites: tuple[Site, ...]
    site: np.ndarray
    element: np.ndarray
    place: np.ndarray

    def __len__(self) -> int:
        return len(self.site)

    @cached_property
    def buffer(self) -> np.ndarray:
        """(n,) uint8: the position of what is touched among `buffers`."""
        found: np.ndarray = np.array([s.buffer for s in self.sites], np.uint8)[self.site]
        return found

    @cached_property
    def is_write(self) -> np.ndarray:
        """(n,) whether it is a store."""
        found: np.ndarray = np.array([s.access.is_write for s in self.sites], np.bool_)[self.site]
        return found

    @cached_property
    def first_elements(self) -> np.ndarray:
        """(buffers + 1,) the number of elements before each buffer."""
        counts = [int(np.prod(b.extents)) for b in self.buffers]
        return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)

    @cached_property
    def element_ids(self) -> np.ndarray:
        """(n,) a number of its own for each element of all buffers."""
        ids: np.ndarray = self.element + self.first_elements[:-1].astype(np.int32)[self.buffer]
        return ids

    @cached_property
    def addresses(self) -> np.ndarray:
        """(n,) bytes, where buffers lie one behind another, each aligned to a cache line."""
        starts, at = [], 0
        for buffer in self.buffers:
            starts.append(at)
            at += -(-buffer.size_bytes // ALIGNMENT) * ALIGNMENT
        widths = np.array([dtypes.size_bytes(b.dtype) for b in self.buffers], np.int64)
        found: np.ndarray = (
            np.array(starts, np.int64)[self.buffer] + self.element * widths[self.buffer]
        )
        return found

    @cached_property
    def moments(self) -> np.ndarray:
        """(m,) the position of each store: a statement runs up to its store."""
        return np.flatnonzero(self.is_write)

    def moment(self, number: int) -> slice:
        """The accesses of statement `number` of those that were run."""
        first = int(self.moments[number - 1]) + 1 if number > 0 else 0
        return slice(first, int(self.moments[number]) + 1)

    def loops_at(self, position: int) -> list[tuple[str, int, int]]:
        """The loops around an access, outermost first: name, value, extent."""
        site = self.sites[int(self.site[position])]
        values = site.values(int(self.place[position]))
        names = [o.var.name for o in site.access.loops]
        return list(zip(names, values, site.extents, strict=True))


def trace_room(program: Program) -> int:
    """How many accesses `trace_accesses` would go through, happening or not."""
    return _laid_out(_known_accesses(program), 0, 0, (), {}, [])


def trace_accesses(
    program: Program, data: Mapping[Buffer, np.ndarray] | None = None
) -> AccessTrace:
    """Every access of a serial run of `program`.

    Args:
        program: a scheduled program of known sizes.
        data: the elements of its inputs, which matter where indices or conditions read them.

    Raises:
        UsageError: the sizes are not known, there are too many accesses, or what is touched depends
            on values that the program computes.
    """
    found = _known_accesses(program)
    buffers = tuple(dict.fromkeys([*program.params, *(a.buffer for a in found)]))
    sites: list[Site] = []
    room = _laid_out(found, 0, 0, (), {b: n for n, b in enumerate(buffers)}, sites)
    if room > MOST_ROOM:
        raise UsageError(
            f"{program.name} touches memory up to {room:,} times, more than the {MOST_ROOM:,} "
            "that are traced; give it smaller extents."
        )
    element = np.zeros(room, np.int32)
    owner = np.full(room, -1, np.int16)
    written = {a.buffer for a in found if a.is_write}
    known = {b: array for b, array in (data or {}).items() if b not in written}
    for number, site in enumerate(sites):
        _fill(site, number, element, owner, known)
    place = np.flatnonzero(owner >= 0)
    return AccessTrace(buffers, tuple(sites), owner[place], element[place], place)


def _known_accesses(program: Program) -> list[Access]:
    if sizes := sizes_of(program):
        names = ", ".join(s.name for s in sizes)
        raise UsageError(f"what {program.name} touches depends on {names}; give them values first.")
    return accesses(program.body)


def _laid_out(
    group: Sequence[Access],
    depth: int,
    start: int,
    strides: tuple[int, ...],
    numbers: Mapping[Buffer, int],
    sites: list[Site],
) -> int:
    """Room that a group of accesses takes, alike up to `depth` in their places; `sites` gets them,
    the first at `start`, below loops of `strides`."""
    room = 0
    for key, part in _parts(group, depth):
        at = start + room
        if key is None:
            sites.append(Site(part[0], numbers.get(part[0].buffer, 0), at, strides))
            room += 1
        elif isinstance(key, Var):
            # The stride of a loop is what its body takes, which is known after it is laid out.
            inside: list[Site] = []
            stride = _laid_out(part, depth + 1, at, (), numbers, inside)
            sites += [_below(s, strides, stride) for s in inside]
            room += stride * _extent(part[0], key)
        else:
            room += _laid_out(part, depth + 1, at, strides, numbers, sites)
    return room


def _below(site: Site, strides: tuple[int, ...], stride: int) -> Site:
    return Site(site.access, site.buffer, site.start, (*strides, stride, *site.strides))


def _extent(access: Access, var: Var) -> int:
    return next(int(o.extent) for o in access.loops if o.var is var)  # type: ignore[arg-type]


def _parts(group: Sequence[Access], depth: int) -> Iterator[tuple[int | Var | None, list[Access]]]:
    """A group cut where the places differ at `depth`; an access whose place ends there alone."""

    def key(numbered: tuple[int, Access]) -> tuple[int, int]:
        n, access = numbered
        if len(access.place) == depth:
            return (0, n)
        at = access.place[depth]
        return (1, id(at)) if isinstance(at, Var) else (2, at)

    for _, part in groupby(enumerate(group), key):
        found = [access for _, access in part]
        ends = len(found[0].place) == depth
        yield (None if ends else found[0].place[depth]), found


def _fill(
    site: Site,
    number: int,
    element: np.ndarray,
    owner: np.ndarray,
    data: Mapping[Buffer, np.ndarray],
) -> None:
    """Write the instances of a site into the sequence."""
    access, extents = site.access, site.extents
    axes = {o.var: (n, e) for n, (o, e) in enumerate(zip(access.loops, extents, strict=True))}
    values = IndexValues(axes, data)
    happens: Any = True
    for limit in access.limits:
        happens = np.logical_and(happens, np.equal(values.of(limit.condition), limit.holds))
    indices = [values.of(i) for i in access.indices]
    for n, (index, extent) in enumerate(zip(indices, access.buffer.extents, strict=True)):
        if np.any(((index < 0) | (index >= extent)) & happens):
            raise UsageError(
                f"block {access.block or '?'} reaches {access.buffer.name} outside its extent "
                f"{extent} at index {n}; that is a defect of the program."
            )
    _view(element, site)[...] = flat_values(indices, access.buffer)
    _view(owner, site)[...] = np.where(happens, number, -1)


def _view(sequence: np.ndarray, site: Site) -> np.ndarray:
    """The places of a site's instances in the sequence, one axis a loop."""
    width = sequence.itemsize
    return as_strided(sequence[site.start :], site.extents, tuple(s * width for s in site.strides))
