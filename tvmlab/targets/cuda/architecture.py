"""The names of architectures that code is made for, and what they say."""

from __future__ import annotations

import re

from tvmlab.errors import TargetError

DEFAULT = "sm_80"
"""What is compiled for where no device says otherwise: the oldest with all that is printed."""


def capability(architecture: str) -> tuple[int, int]:
    """The compute capability that an architecture's name states: (9, 0) of `sm_90a`.

    Raises:
        TargetError: it is no such name.
    """
    found = re.fullmatch(r"sm_(\d+)(\d)[af]?", architecture)
    if found is None:
        raise TargetError(
            f"CUDA architecture {architecture!r} is not known; name one as in 'sm_80' or 'sm_90a'."
        )
    return int(found[1]), int(found[2])
