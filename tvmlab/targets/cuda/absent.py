"""A kernel that was compiled where there is no device to run it: it can be read."""

from __future__ import annotations

from typing import Any, NoReturn

from tvmlab.errors import TargetError
from tvmlab.targets.cfamily.printed_kernel import PrintedKernel, Reader
from tvmlab.targets.target import Signature


class AbsentKernel(PrintedKernel):
    """What a build gives without a device: calls refuse in one sentence.

    Attributes:
        problem: why it cannot run.
    """

    def __init__(self, text: str, signature: Signature, target: Reader, problem: str) -> None:
        super().__init__(text, signature, target)
        self.problem = problem

    def __call__(self, *arrays: Any) -> None:
        """Raise TargetError."""
        self._refuse()

    def prepare(self, *arrays: Any) -> NoReturn:
        """Raise TargetError."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise TargetError(
            f"Kernel {self.signature.name} is compiled and cannot run here: {self.problem}"
        )
