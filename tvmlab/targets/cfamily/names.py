"""Names in printed kernels: as in the program, made unlike each other and the language's words."""

from __future__ import annotations

import re
from collections.abc import Collection

from tvmlab.ir.buffer import Buffer
from tvmlab.ir.expr import Var


class Names:
    """The names of one function: buffers and variables, each told apart from all others."""

    def __init__(self, reserved: Collection[str], known: dict[Buffer | Var, str]) -> None:
        self._names = dict(known)
        self._taken = {*reserved, *known.values()}

    def of(self, thing: Buffer | Var) -> str:
        """The name of a buffer or variable."""
        name = self._names.get(thing)
        if name is None:
            name = self._names[thing] = self.fresh(thing.name)
        return name

    def fresh(self, wanted: str) -> str:
        """A name that nothing has yet."""
        plain = re.sub(r"\W", "_", wanted, flags=re.ASCII)
        if not plain or plain[0].isdigit() or plain.startswith("__"):
            plain = f"v{plain}"
        name, n = plain, 0
        while name in self._taken:
            n += 1
            name = f"{plain}_{n}"
        self._taken.add(name)
        return name
