"""Which schedulers a tuner may talk to: those of this machine, and encrypted ones."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from tvmlab.errors import UsageError


def safe_address(address: str) -> str:
    """`address` if a tuner may use it: encrypted, or of this machine.

    Raises:
        UsageError: it is not, or is no address.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if host is None or port is None or parts.scheme not in ("tcp", "tls"):
        raise UsageError(
            f"the cluster {address!r} is no address; give one like tcp://127.0.0.1:8786."
        )
    if parts.scheme == "tcp" and not _is_loopback(host):
        raise UsageError(
            f"the cluster {address} is on another machine and not encrypted, so whoever is on the "
            f"way could run code there and here; use tls://{host}:{port} with certificates."
        )
    return address


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
