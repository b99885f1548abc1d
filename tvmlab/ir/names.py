"""Names that tell things apart: for people, since nodes are told apart by identity."""

from __future__ import annotations

from collections.abc import Iterable


def fresh_names(taken: Iterable[str], wanted: Iterable[str]) -> list[str]:
    """`wanted`, each made unlike all `taken` and each other by `_1`, `_2`, ... behind it."""
    used = set(taken)
    names = []
    for name in wanted:
        candidate, n = name, 0
        while candidate in used:
            n += 1
            candidate = f"{name}_{n}"
        used.add(candidate)
        names.append(candidate)
    return names
