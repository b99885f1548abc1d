"""Cells of other languages, and what stands below a cell that ends with code."""

from __future__ import annotations

import atexit
import pickle
from collections.abc import Iterator

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

import tvmlab as t
from tvmlab.ir.program import Program

IR = """define float @twice(float %a) {
  %b = fadd float %a, %a
  ret float %b
}
"""


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    shell = InteractiveShell()
    atexit.unregister(shell.atexit_operations)
    t.load_ipython_extension(shell)
    yield shell
    shell.atexit_operations()


def schedule() -> t.Schedule:
    a = t.placeholder((16, 32), name="A")
    return t.create_schedule(t.compute((16, 32), lambda y, x: a[y, x] + 1, name="B"))


def test_a_cell_of_loops_is_a_program(shell: InteractiveShell) -> None:
    text = str(schedule())
    made = shell.run_cell_magic("loops", "B", text)
    assert isinstance(made, Program)
    assert shell.user_ns["B"] is made
    assert str(made) == text
    with pytest.raises(UsageError, match="line 1 of the program"):
        shell.run_cell_magic("loops", "", "for y in")
    with pytest.raises(UsageError, match="one name at most, not 'two names'"):
        shell.run_cell_magic("loops", "two names", text)


def test_a_cell_of_llvm_is_checked_and_becomes_machine_code(shell: InteractiveShell) -> None:
    made = shell.run_cell_magic("llvm", "", IR)
    assert "ret" in made
    shown = shell.display_formatter.format(made)[0]
    assert shown == {"text/plain": made, "text/x-tvmlab-asm": made}
    with pytest.raises(UsageError, match=r"^LLVM refuses the cell: line 2, column .*'i32'\.$"):
        shell.run_cell_magic("llvm", "", IR.replace("fadd float", "fadd i32"))


def test_code_is_shown_as_lines_in_its_language(shell: InteractiveShell) -> None:
    s = schedule()
    formatted = shell.display_formatter.format
    assert formatted(s)[0] == {"text/plain": str(s), "text/x-tvmlab-loops": str(s)}
    ptx = shell.run_cell_magic("ptx", "kernel", "ret;\n")
    assert formatted(ptx)[0] == {"text/plain": "ret;\n", "text/x-ptx": "ret;\n"}
    code = s.code("llvm")
    assert formatted(code)[0] == {"text/plain": code, "text/x-llvm": code}
    again = pickle.loads(pickle.dumps(code))
    assert (again, again.kind) == (code, "llvm")
