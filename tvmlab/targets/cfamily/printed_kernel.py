"""A kernel as the text it was built from, which can be read and written whether or not it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from tvmlab.errors import TargetError
from tvmlab.targets.target import Signature


class Reader(Protocol):
    """A target, as far as it shows what becomes of text."""

    def code(self, text: str, kind: str) -> str:
        """What becomes of printed `text` as `kind`."""


class PrintedKernel:
    """What kernels of printed text have in common.

    Attributes:
        signature: how the kernel is called.
        text: what it was built from.
    """

    def __init__(self, text: str, signature: Signature, target: Reader) -> None:
        self.signature = signature
        self.text = text
        self._target = target

    def code(self, kind: str) -> str:
        """What the target makes of the text, as one of its kinds of code.

        Raises:
            TargetError: it makes no such kind.
        """
        return self._target.code(self.text, kind)

    def export(self, path: Path) -> Path:
        """Write the text, which says how its kernels are launched, to `path`."""
        try:
            path.write_text(self.text)
        except OSError as error:
            raise TargetError(
                f"{path} cannot be written: {error.strerror or error}; choose another path."
            ) from error
        return path
