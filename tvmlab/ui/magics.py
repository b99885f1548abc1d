"""Cells of loop programs, LLVM IR and PTX: `%load_ext tvmlab` makes their first lines known.

    %%loops NAME    the program that the cell prints, read and checked
    %%llvm NAME     the cell, checked by LLVM, as this processor's assembly
    %%ptx NAME      the cell itself

Each shows what became of the cell and, where a name stands in the first line, keeps it under that.
JupyterLab colours such cells by their language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from tvmlab.errors import TargetError, TvmlabError
from tvmlab.ir.parse import parse_program
from tvmlab.targets.code_text import CodeText
from tvmlab.targets.cpu.build.generate import objection
from tvmlab.targets.cpu.build.patience import generate_patiently


def assembly(text: str) -> CodeText:
    """LLVM IR as the assembly of this processor.

    Raises:
        TargetError: LLVM refuses the text, or cannot make code of it.
    """
    why = objection(text)
    if why:
        raise TargetError(f"LLVM refuses the cell: {why}.")
    return CodeText(generate_patiently(text, "full", "intel").decode(), "asm")


MAGICS: Mapping[str, Callable[[str], Any]] = {
    "loops": parse_program,
    "llvm": assembly,
    "ptx": lambda text: CodeText(text, "ptx"),
}


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Make the cells above known to a notebook; IPython calls this for `%load_ext tvmlab`."""
    for language, read in MAGICS.items():
        shell.magics_manager.register_function(_magic(shell, language, read), "cell", language)


def _magic(
    shell: InteractiveShell, language: str, read: Callable[[str], Any]
) -> Callable[[str, str], Any]:
    def magic(line: str, cell: str) -> Any:
        name = line.strip()
        if name and not name.isidentifier():
            raise UsageError(f"%%{language} takes one name at most, not {name!r}.")
        try:
            made = read(cell)
        except TvmlabError as error:
            raise UsageError(str(error)) from None
        if name:
            shell.user_ns[name] = made
        return made

    magic.__doc__ = f"See `tvmlab.ui.magics`: a cell of {language}."
    return magic
