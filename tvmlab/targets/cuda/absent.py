"""A kernel that was compiled where there is no device to run it: it can be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

from tvmlab.errors import TargetError
from tvmlab.targets.target import Signature


class AbsentKernel:
    """What a build gives without a device: calls refuse in one sentence.

    Attributes:
        signature: how the kernel would be called.
        text: what it was compiled from.
        problem: why it cannot run.
    """

    def __init__(self, text: str, signature: Signature, problem: str) -> None:
        self.signature = signature
        self.text = text
        self.problem = problem

    def __call__(self, *arrays: Any) -> None:
        """Raise TargetError."""
        self._refuse()

    def prepare(self, *arrays: Any) -> NoReturn:
        """Raise TargetError."""
        self._refuse()

    def code(self, kind: str) -> str:
        """The printed text; other kinds are made by the target."""
        return self.text

    def export(self, path: Path) -> Path:
        """Write the text, which says how its kernels are launched, to `path`."""
        try:
            path.write_text(self.text)
        except OSError as error:
            raise TargetError(
                f"{path} cannot be written: {error.strerror or error}; choose another path."
            ) from error
        return path

    def _refuse(self) -> NoReturn:
        raise TargetError(
            f"Kernel {self.signature.name} is compiled and cannot run here: {self.problem}"
        )
