"""The extension of a Jupyter server: what it answers, with which limits.

Nothing heavy is loaded here, for it is a part of every start of Jupyter. Files are read by
processes, which begin with the first file.
"""

from __future__ import annotations

from typing import Any

from jupyter_server.extension.application import ExtensionApp
from traitlets import Float, Int

from tvmlab.server.handlers import HANDLERS, SETTING
from tvmlab.server.limits import Limits
from tvmlab.server.readers import Readers
from tvmlab.version import __version__

DEFAULT = Limits()


class TvmlabServer(ExtensionApp):
    """Answers below `/tvmlab/` what the viewers of tuning records and traces ask; only reads."""

    name = "tvmlab"
    description = __doc__
    version = __version__

    log_bytes = Int(DEFAULT.log_bytes, help="The largest tuning log that is read, in bytes.").tag(
        config=True
    )
    database_bytes = Int(
        DEFAULT.database_bytes, help="The largest tuning database that is read, in bytes."
    ).tag(config=True)
    memory_bytes = Int(
        DEFAULT.memory_bytes, help="The most memory that a process which reads may take, in bytes."
    ).tag(config=True)
    patience_s = Float(
        DEFAULT.patience_s, help="Seconds that one answer may take before its process is ended."
    ).tag(config=True)

    def initialize_settings(self) -> None:
        """Make what the handlers share; no process is started."""
        limits = Limits(self.log_bytes, self.database_bytes, self.memory_bytes, self.patience_s)
        self.settings[SETTING] = Readers(limits)

    def initialize_handlers(self) -> None:
        """Add the routes."""
        self.handlers.extend(HANDLERS)

    async def stop_extension(self) -> None:
        """End the processes that read."""
        self.settings[SETTING].close()


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    return [{"module": "tvmlab.server.extension", "app": TvmlabServer}]
