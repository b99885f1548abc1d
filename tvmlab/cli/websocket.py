"""Kernel messages that leave for the browser at once.

jupyter_server leaves Nagle's algorithm on for the websockets of kernels, so that the answer to a
click waits some 40 ms for the browser's acknowledgement of the message before it. Only the server
that `tvmlab lab` starts uses this class; no configuration of the user's is touched.
"""

from __future__ import annotations

from typing import Any

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection


class PromptWebsocketConnection(ZMQChannelsWebsocketConnection):
    """Jupyter's own connection between a kernel and a page, with TCP_NODELAY set."""

    def connect(self) -> Any:
        """Turn the delay off, then connect as Jupyter does."""
        self.websocket_handler.set_nodelay(True)
        return super().connect()
