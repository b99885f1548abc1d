"""Which statements of a loop may run an iteration apart."""

from __future__ import annotations

import pytest

from tvmlab.analysis.pipelining import pipeline_problem, versions
from tvmlab.ir.parse import parse_program
from tvmlab.ir.program import For, Program

HANDED_ON = """
def f(A: float32[9], T: float32[9], C: float32[9]):
    for i in range(8):
        with block("T", vi=i):
            T[{write}] = A[vi]
        with block("C", vi=i):
            C[vi] = T[{read}]
"""


def _loop(program: Program) -> For:
    assert isinstance(program.body, For)
    return program.body


@pytest.mark.parametrize(
    ("write", "read", "problem"),
    [
        ("vi", "vi", None),
        ("vi + 1", "vi", None),
        ("0 * vi", "0 * vi", "T in i=1 would run before C in i=0, and both touch T[0]"),
        ("vi", "vi + 1", "T in i=1 would run before C in i=0, and both touch T[1]"),
    ],
)
def test_the_first_stage_does_not_run_over_what_the_second_needs(
    write: str, read: str, problem: str | None
) -> None:
    program = parse_program(HANDED_ON.format(write=write, read=read))
    assert pipeline_problem(program, _loop(program), (0, 1), (0, 1)) == problem
    assert pipeline_problem(program, _loop(program), (0, 0), (0, 1)) is not None


def test_a_loop_without_stages_has_one_version_of_everything() -> None:
    program = parse_program(HANDED_ON.format(write="vi", read="vi"))
    assert versions(_loop(program), program.params[1]) == 1
