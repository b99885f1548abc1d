"""What is read off assembly: counts of a text made up, and of programs that deserve a remark."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

import tvmlab as t
from tvmlab.ir.printer import print_program
from tvmlab.targets.cpu.assembly import innermost_loops
from tvmlab.targets.cpu.build import host
from tvmlab.targets.cpu.code_report import UNREAD, code_report
from tvmlab.targets.cpu.limits import cpu_features
from tvmlab.targets.cpu.loop_facts import LoopFacts, loop_facts
from tvmlab.targets.cpu.loop_remarks import Surroundings, remarks
from tvmlab.targets.cpu.printed_nests import nests

reads_code = pytest.mark.skipif(not host().is_x86, reason="only x86-64 assembly is read")
has_zmm = pytest.mark.skipif(cpu_features().vector_bits < 512, reason="the tiles are for AVX-512")

NEST = """\
f:
\tpushq\t%rbp
\tmovq\t%rsp, %rbp
.LBB0_1:
\tvmovups\t-64(%rbp), %zmm9
.LBB0_2:
\tvbroadcastss\t4(%rdi,%rax,4), %zmm1
\tvmovups\t(%rsi), %zmm2
\tvfmadd231ps\t%zmm1, %zmm2, %zmm0
\tvfmadd231ps\t64(%rsi){1to16}, %zmm2, %zmm3
\tvmovups\t%zmm3, 128(%rsp)
\tvmovups\t-192(%rbp), %zmm4
\tmovq\t8(%rsp), %rcx
\tvmovups\t(%rsp,%rax,4), %zmm5
\tvgatherdps\t(%rdi,%zmm6,4), %zmm7 {%k1}
\tvaddss\t%xmm1, %xmm2, %xmm8
\tvmovntps\t%zmm5, (%rdx)
\tidivl\t%r8d
\tcallq\texpf@PLT
\tleaq\t(%rax,%rbx), %r9
\tjne\t.LBB0_2
\tjne\t.LBB0_1
\tretq
.Lfunc_end0:
g:
.LBB1_1:
\tmovss\t(%rbp), %xmm0
\taddss\t%xmm0, %xmm1
\tmovss\t%xmm1, (%rsp,%rax)
\tjb\t.LBB1_1
.Lfunc_end1:
"""


def _loops(text: str) -> list[LoopFacts]:
    return [loop_facts(loop) for loop in innermost_loops([(line, 0) for line in text.split("\n")])]


def test_only_innermost_loops_count_and_every_instruction_for_what_it_is() -> None:
    first, second = _loops(NEST)
    assert first == LoopFacts(
        instructions=15, vector_bits=512, arithmetic=2, multiply_adds=2, scalar_arithmetic=1,
        loads=4, stores=1, spilled=1, reloaded=1, addresses_reloaded=1, gathers=1, scatters=0,
        single_elements=0, divisions=1, calls=("expf",), accumulators=2, chain=1,
    )  # fmt: skip
    assert second.loads == second.stores == 1, "%rbp is no frame, and what has an index no slot"
    assert (second.scalar_arithmetic, second.arithmetic, second.reloaded) == (1, 0, 0)


@pytest.mark.parametrize(
    ("body", "accumulators", "chain"),
    [
        ("vfmadd231ps %zmm1, %zmm2, %zmm0", 1, 1),
        ("vmovaps %zmm5, %zmm0|vfmadd213ps %zmm1, %zmm2, %zmm0", 0, 0),
        ("vaddps %zmm0, %zmm1, %zmm0|vmaxps %zmm0, %zmm2, %zmm0", 1, 2),
        ("vaddps %zmm0, %zmm1, %zmm3|vmovups (%rdi), %zmm0", 0, 0),
        ("vpaddd %zmm0, %zmm1, %zmm0", 0, 0),
        ("vpdpbusd %zmm1, %zmm2, %zmm0", 1, 1),
    ],
)
def test_accumulators_are_what_a_step_hands_to_the_next(
    body: str, accumulators: int, chain: int
) -> None:
    lines = [".L1:", *("\t" + re.sub(" ", "\t", b, count=1) for b in body.split("|")), "\tjne\t.L1"]
    (facts,) = _loops("\n".join(lines))
    assert (facts.accumulators, facts.chain) == (accumulators, chain)


def test_other_assembly_is_not_guessed_at() -> None:
    s = t.create_schedule(t.ops.softmax(4, 16))
    arm = [("f:", 0), (".L1:", 0), ("\tfmla\tv0.4s, v1.4s, v2.4s", 2), ("\tb.ne\t.L1", 2)]
    report = code_report(print_program(s.mod), arm, cpu_features(), is_x86=False)
    assert str(report) == UNREAD
    assert report.loops == ()


# ---------------------------------------------------------------- programs


def _product(rows: int, lanes: int, *, unrolled: bool = True) -> t.Schedule:
    s = t.create_schedule(t.ops.matmul(64, 128, 96))
    yo, xo, y, x = s["C"].tile("y", "x", rows, lanes)
    s["C"].reorder(yo, xo, "k", y, x)
    s["C"].vectorize(x)
    if unrolled:
        s["C"].unroll(y)
    return s


def _of_columns(is_transposed: bool) -> t.Schedule:
    a = t.placeholder((64, 64), name="A")
    b = t.compute((64, 64), lambda y, x: (a[x, y] if is_transposed else a[y, x]) + 1.0, name="B")
    s = t.create_schedule(b)
    s["B"].split("x", 16)
    s["B"].vectorize("xi")
    return s


def _naive() -> t.Schedule:
    return t.create_schedule(t.ops.matmul(64, 128, 96))


@reads_code
@has_zmm
@pytest.mark.parametrize(
    ("slow", "fast", "word"),
    [
        (lambda: _product(16, 64), lambda: _product(6, 64), "stored to the stack"),
        (_naive, lambda: _product(6, 64), "one element at a time"),
        (lambda: _product(8, 32, unrolled=False), lambda: _product(8, 32), "to memory and back"),
        (lambda: _product(1, 16), lambda: _product(8, 32), "waits 4 cycles"),
        (lambda: _product(1, 16), lambda: _product(8, 32), "loads feed"),
        (lambda: _product(8, 4), lambda: _product(8, 16), "bits of the 512"),
        (lambda: _of_columns(True), lambda: _of_columns(False), "an access for each lane"),
    ],
)
def test_a_remark_is_made_where_it_is_deserved(
    slow: Callable[[], t.Schedule], fast: Callable[[], t.Schedule], word: str
) -> None:
    assert word in str(slow().code_report())
    assert word not in str(fast().code_report())


@reads_code
@has_zmm
def test_a_good_tile_is_said_in_figures_with_its_line() -> None:
    s = _product(6, 64)
    (loop, *_) = s.code_report().loops
    assert loop.remarks == ()
    assert str(s).splitlines()[loop.line - 1].strip().startswith("for k in range(96)")
    assert loop.place == f"line {loop.line}, loop k of block C"
    # Four vectors of B and six numbers of A feed 24 accumulators.
    assert loop.words == "24 multiply-adds on 512-bit registers, 10 loads, no spills"
    assert (loop.facts.accumulators, loop.facts.chain) == (24, 1)


def test_a_loop_of_the_result_may_stand_inside_a_sum_and_one_of_the_sum_does_not() -> None:
    s = _naive()
    ko, ki = s["C"].split("k", 8)
    s["C"].reorder("y", ko, "x", ki)
    found = {n.loops[-1].var.name: n for n in nests(print_program(s.mod)).values() if not n.block}
    (block,) = (n.block for n in nests(print_program(s.mod)).values() if n.block)
    inside = {name: nest.is_inside_sum_of(block) for name, nest in found.items()}
    assert inside == {"y": False, "ko": False, "x": True, "ki": False}
    assert found["x"].steps == 64 * 12 * 128


# ---------------------------------------------------------------- rules on figures

NOTHING = LoopFacts(20, 512, 8, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, (), 0, 0)
AROUND = Surroundings((), False, 512, 32)


def _with(**figures: object) -> LoopFacts:
    return LoopFacts(**{**vars(NOTHING), **figures})  # type: ignore[arg-type]


def test_a_loop_without_fault_is_left_alone() -> None:
    assert remarks(NOTHING, AROUND) == []


@pytest.mark.parametrize(
    ("figures", "word"),
    [
        ({"calls": ("expf", "expf", "logf")}, "calls expf 2 times, logf in"),
        ({"divisions": 1}, "1 integer division in"),
        ({"single_elements": 12}, "12 moves put vectors together"),
        ({"addresses_reloaded": 6}, "6 of 20 instructions"),
        ({"scatters": 2}, "2 scatters"),
    ],
)
def test_each_rule_names_its_figure(figures: dict[str, object], word: str) -> None:
    (said,) = remarks(_with(**figures), AROUND)
    assert word in said
    assert said.endswith(".")


def test_vectors_that_got_lost_are_told_from_none_asked_for() -> None:
    scalar = _with(vector_bits=0, arithmetic=0, scalar_arithmetic=4)
    (lost,) = remarks(scalar, Surroundings(("xi",), False, 512, 32))
    assert lost.startswith("loop xi is vectorized, and came out as one element at a time")
    (never,) = remarks(scalar, AROUND)
    assert never.startswith("it works on one element")


def test_a_scalar_tail_is_told() -> None:
    (said,) = remarks(NOTHING, Surroundings(("xi",), False, 512, 32, has_scalar_tail=True))
    assert "leave over is done one element at a time" in said


@reads_code
def test_the_copy_that_has_vectors_speaks_for_its_line() -> None:
    a = t.placeholder((64,), name="A")
    s = t.create_schedule(t.compute((64,), lambda x: a[x] + 1.0, name="B"))
    text = """.L1:
\tvaddps\t(%rdi), %zmm0, %zmm1
\tjne\t.L1
.L2:
\tvaddss\t(%rdi), %xmm0, %xmm1
\tvmovss\t%xmm1, (%rsi)
\tincq\t%rax
\tjne\t.L2"""
    lines = [(line, 2) for line in text.split("\n")]
    (loop,) = code_report(print_program(s.mod), lines, cpu_features(), is_x86=True).loops
    assert (loop.copies, loop.facts.arithmetic) == (2, 1)
    assert any("leave over" in remark for remark in loop.remarks)
    assert "the largest of 2 such loops" in str(loop)
