"""Loads of `mma` tiles from rows in memory, as text: from plain rows, and from swizzled ones.

A tile is known by where its rows begin. What thread `x` loads stands in
`tvmlab.targets.cuda.matrices`; it lies in some row of the tile, some bytes behind the row's
beginning. Of a swizzled buffer (`tvmlab.ir.swizzle`) the tile's first row and first byte are given
beside the pointer, as the place of a byte in its row depends on which row that is. A chunk of
2**n bytes at `byte` of row `row` lies at `byte ^ turn`, for some multiple `turn` of 2**n.
"""

from __future__ import annotations

from collections.abc import Sequence

SWIZZLED = "_swizzled"
"""How the names of loads from swizzled rows end."""

_PLAIN = "const void* from, int row_bytes"
_OF_ROWS = f"{_PLAIN}, int row, int byte, int turn, int shift, int mask, int chunk"

Place = tuple[str, str]
"""What a thread reads: the row and the byte within a tile."""


def _plain(place: Place) -> str:
    row, byte = place
    return f"({row}) * row_bytes + ({byte})"


def _swizzled(place: Place) -> str:
    row, byte = place
    turned = f"((turn + ({row})) >> shift & mask) * chunk"
    return f"(row + ({row})) * row_bytes + ((byte + ({byte})) ^ {turned})"


def load(name: str) -> tuple[str, Sequence[str]]:
    """The parameters and lines of a load, by its name: `load_a_matrix`, `load_t_words_swizzled`."""
    kind = name.removesuffix(SWIZZLED)
    is_swizzled = kind != name
    places, lines = _LOADS[kind]
    to = "unsigned* a" if kind.startswith("load_a") else "unsigned* b"
    at = [(_swizzled if is_swizzled else _plain)(place) for place in places]
    pointers = [f"const char* p{n} = (const char*)from + {where};" for n, where in enumerate(at)]
    return f"{to}, {_OF_ROWS if is_swizzled else _PLAIN}", [*pointers, *lines]


_Load = tuple[list[Place], list[str]]
"""What a thread reads, and what it does with the pointers p0, p1, ... to it."""


def _matrix(tile: str, count: int, row: str, byte: str, order: str = "") -> _Load:
    """`ldmatrix` into `count` registers, each thread naming a row."""
    places = ", ".join(f"%{n}" for n in range(count))
    made = ", ".join(f'"=r"({tile}[{n}])' for n in range(count))
    said = f"ldmatrix.sync.aligned.m8n8.x{count}{order}.shared.b16"
    return [(row, byte)], [
        f'asm volatile("{said} {{{places}}}, [%{count}];"',
        f'    : {made} : "r"((unsigned)__cvta_generic_to_shared(p0)) : "memory");',
    ]


def _words(tile: str, *places: Place) -> _Load:
    """A register for the word at each place."""
    return list(places), [f"{tile}[{n}] = *(const unsigned*)p{n};" for n in range(len(places))]


def _joined(kind: str, size: int, step: int) -> _Load:
    """Two registers of elements of a column, neighbours below each other, `step` rows apart."""
    count = 4 // size
    rows = [f"(threadIdx.x & 3) * {count} + {n * step + m}" for n in range(2) for m in range(count)]
    lines = []
    for n in range(2):
        parts = [f"*(const {kind}*)p{n * count}"]
        for m in range(1, count):
            parts.append(f"(unsigned)*(const {kind}*)p{n * count + m} << {8 * size * m}")
        lines.append(f"b[{n}] = {' | '.join(parts)};")
    return [(row, f"(threadIdx.x >> 2) * {size}") for row in rows], lines


_ROW, _BELOW = "threadIdx.x >> 2", "(threadIdx.x >> 2) + 8"
_WORD, _BEHIND = "(threadIdx.x & 3) * 4", "(threadIdx.x & 3) * 4 + 16"

_LOADS: dict[str, _Load] = {
    "load_a_matrix": _matrix("a", 4, "threadIdx.x & 15", "(threadIdx.x >> 4) * 16"),
    "load_t_matrix": _matrix("b", 2, "threadIdx.x & 7", "(threadIdx.x >> 3 & 1) * 16"),
    "load_b_matrix": _matrix("b", 2, "threadIdx.x & 15", "0", ".trans"),
    "load_a_words": _words("a", (_ROW, _WORD), (_BELOW, _WORD), (_ROW, _BEHIND), (_BELOW, _BEHIND)),
    "load_t_words": _words("b", (_ROW, _WORD), (_ROW, _BEHIND)),
    "load_b_halves": _joined("unsigned short", 2, 8),
    "load_b_singles": _joined("unsigned", 4, 4),
    "load_b_bytes": _joined("unsigned char", 1, 16),
}
