"""One text for equal JSON data, and its hash: how workloads and traces are told apart.

The hash finds, the text decides: whoever looks up by hash compares the text as well.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canonical(data: Any) -> str:
    """`data` as JSON text that is equal for equal data: sorted keys, no spaces, no NaN."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(data: Any) -> str:
    """The first 128 bits of the SHA-256 of `canonical(data)`, as 32 hexadecimal digits."""
    return hashlib.sha256(canonical(data).encode()).hexdigest()[:32]
