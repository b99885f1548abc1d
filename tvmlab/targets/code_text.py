"""Generated code as a text that knows its language, so that a notebook shows it in colours."""

from __future__ import annotations

from typing import Any

MIME_TYPES = {
    "llvm": "text/x-llvm",
    "ptx": "text/x-ptx",
    "asm": "text/x-tvmlab-asm",
    "opencl": "text/x-c++src",
    "cuda": "text/x-c++src",
}
"""What editors call the languages of code; other kinds are plain text."""


class CodeText(str):
    """A text of code of a kind, as `Schedule.code` names them; a string in everything else."""

    kind: str

    def __new__(cls, text: str, kind: str) -> CodeText:
        """The text, marked as of `kind`."""
        made = super().__new__(cls, text)
        made.kind = kind
        return made

    def __reduce__(self) -> tuple[type[CodeText], tuple[str, str]]:
        return CodeText, (str(self), self.kind)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """What stands below a notebook's cell that ends with it, in its language."""
        mime = MIME_TYPES.get(self.kind)
        return {mime: str(self)} if mime else {}

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        """The lines, where a string's quotes would stand."""
        printer.text(str(self))
