"""What is found out about a statement is kept with it, and goes with it."""

from __future__ import annotations

import gc

import pytest

import tvmlab as t
from tvmlab.errors import VerifyError
from tvmlab.ir import facts
from tvmlab.ir.facts import kept_with_statement
from tvmlab.ir.printer import text
from tvmlab.ir.program import Seq, Stmt


def test_a_fact_is_found_once_for_each_statement_and_question() -> None:
    asked: list[tuple[Stmt, int]] = []

    @kept_with_statement
    def fact(stmt: Stmt, number: int) -> int:
        asked.append((stmt, number))
        return number + 1

    first, second = Seq(()), Seq(())
    assert [fact(s, n) for s in (first, second) for n in (1, 2, 1)] == [2, 3, 2] * 2
    assert len(asked) == 4


def test_what_is_raised_is_asked_again() -> None:
    asked = []

    @kept_with_statement
    def fact(stmt: Stmt) -> None:
        asked.append(stmt)
        raise VerifyError("no")

    stmt = Seq(())
    for _ in range(2):
        with pytest.raises(VerifyError):
            fact(stmt)
    assert len(asked) == 2


def test_a_statement_keeps_a_few_facts() -> None:
    @kept_with_statement
    def fact(stmt: Stmt, number: int) -> int:
        return number

    stmt = Seq(())
    assert [fact(stmt, n) for n in range(3 * facts.MOST)] == list(range(3 * facts.MOST))
    assert len(stmt.facts) <= facts.MOST


def _statements() -> int:
    gc.collect()
    return sum(isinstance(each, Stmt) for each in gc.get_objects())


def test_programs_that_nobody_holds_are_gone() -> None:
    """However many programs are made, printed and left: those of a few are kept to be asked again,
    by what remembers the last ones."""

    def left_after(count: int) -> int:
        for n in range(count):
            A = t.placeholder((64,), name="A")
            s = t.create_schedule(t.compute((64,), lambda i, A=A: A[i] + 1.0, name="B"))
            s["B"].split("i", n % 32 + 1)
            text(s.mod)
        return _statements()

    few = left_after(300)
    assert left_after(300) < few + 100
