"""What the printed text promises: its form, what is hoisted and shared, lines for the debugger."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

import tvmlab.te as te
from tests.targets.emitted import schedule
from tvmlab.errors import TargetError
from tvmlab.ir import Program, print_program
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Var
from tvmlab.ir.program import Allocate, For, Seq, Store
from tvmlab.lower import lower
from tvmlab.schedule import Schedule
from tvmlab.targets.cpu.build import assembly
from tvmlab.targets.cpu.emit import emit
from tvmlab.targets.cpu.limits import cpu_features


@dataclass(frozen=True)
class Avx512:
    """A machine to print for, whatever this one is."""

    llvm_cpu: str = "skylake-avx512"
    vector_bits: int = 512
    has_fma: bool = True
    instruction_sets: tuple[str, ...] = ()


def tiled_product(columns: int = 64) -> Schedule:
    A, B = te.placeholder((64, 24), name="A"), te.placeholder((64, columns), name="B")
    k = te.reduce_axis((0, 64), name="k")
    C = te.compute((24, columns), lambda y, x: te.sum(A[k, y] * B[k, x], axis=k), name="C")
    s = schedule(C)
    yo, yi = s[C].split("y", 6)
    s[C].reorder(yo, "k", yi, "x")
    s[C].unroll(yi)
    s[C].vectorize("x")
    return s


def text_of(s: Schedule) -> str:
    return emit(lower(s.mod), Avx512())


def innermost(text: str) -> str:
    """The body of the loop over k."""
    found = re.search(r"^loop\.k\.\d+:\n(.*?)^after\.k", text, re.DOTALL | re.MULTILINE)
    assert found
    return found[1]


def test_a_tile_is_fused_multiply_adds_on_registers() -> None:
    body = innermost(text_of(tiled_product()))
    assert body.count("@llvm.fma.v16f32") == 24
    assert body.count("load <16 x float>") == 4
    assert len(re.findall(r"load float,", body)) == 6
    assert body.count("phi <16 x float>") == 24
    assert "store" not in body


def test_what_does_not_change_in_a_loop_is_computed_before_it() -> None:
    body = innermost(text_of(tiled_product()))
    assert "sdiv" not in body
    pointers = [line for line in body.splitlines() if "getelementptr" in line]
    moving = [p for p in pointers if "%" in p.rpartition("i64 ")[2]]
    assert len(moving) == 2, "one address a buffer moves with k; the rest are displacements"
    assert all("inbounds" in p for p in pointers)


def test_functions_promise_no_aliases_and_workspaces_their_alignment() -> None:
    X = te.placeholder((64,), name="X")
    T = te.compute((64,), lambda i: X[i] * 2.0, name="T")
    Y = te.compute((64,), lambda i: T[i] + 1.0, name="Y")
    text = text_of(schedule(Y))
    signature = (
        "ptr %launch, ptr noalias align 4 %X, ptr noalias align 4 %Y, ptr noalias align 64 %T"
    )
    assert f"define void @Y({signature})" in text


def test_floats_may_be_contracted_and_never_reassociated() -> None:
    X = te.placeholder((64,), name="X")
    Y = te.compute((64,), lambda i: (X[i] + 1.0) * X[i] / 3.0, name="Y")
    text = text_of(schedule(Y))
    assert "fadd contract" in text
    for flag in ("reassoc", "fast", "nnan", "ninf"):
        assert flag not in text


def test_without_fused_multiply_add_nothing_calls_a_library() -> None:
    text = emit(lower(tiled_product().mod), Avx512(has_fma=False, vector_bits=128))
    assert "llvm.fma" not in text
    assert "fmul contract <4 x float>" in text


def test_text_is_the_same_every_time() -> None:
    assert text_of(tiled_product()) == text_of(tiled_product())


@pytest.mark.parametrize("is_parallel", [False, True])
def test_assembly_tells_the_line_of_each_loop_and_block(is_parallel: bool) -> None:
    s = tiled_product()
    if is_parallel:
        s["C"].parallel(s["C"].loops[0])
    printed = print_program(s.mod)
    lines = printed.line_of()
    text = emit(lower(s.mod), cpu_features(), lines=lines)
    for preset in ("explore", "full"):
        told = {int(n) for n in re.findall(r"\.loc\s+\d+ (\d+) ", assembly(text, preset))}
        assert lines["C"] in told
        assert told <= {0, 1, *lines.values()}  # 0: LLVM joined two lines


def test_without_lines_there_is_no_debug_information() -> None:
    assert "!dbg" not in text_of(tiled_product())


def test_names_are_made_safe_and_unique() -> None:
    a, b = Buffer("x y", (4,), "float32"), Buffer("x_y", (4,), "float32")
    launch = Buffer("launch", (4,), "float32")
    i = Var("i-1")
    body = For(i, 4, Store(launch, (i,), Load(a, (i,)) + Load(b, (i,))))
    text = emit(Program("odd name", [a, b, launch], 1, [], body), cpu_features())
    assert assembly(text, "explore")
    assert 'define void @"odd name"(' in text


def test_symbolic_shapes_are_refused() -> None:
    n = Var("n")
    X = Buffer("X", (n,), "float32")
    i = Var("i")
    body = For(i, n, Store(X, (i,), Load(X, (i,))))
    with pytest.raises(TargetError, match=r"'X', whose shape is symbolic; give every extent"):
        emit(Program("p", [X], 1, [], body), cpu_features())
    Y = Buffer("Y", (8,), "float32")
    body = For(i, n, Store(Y, (i,), Load(Y, (i,))))
    with pytest.raises(TargetError, match="loop 'i', whose extent n is not known"):
        emit(Program("p", [Y], 1, [], body), cpu_features())


def test_programs_that_are_not_lowered_are_refused() -> None:
    with pytest.raises(TargetError, match="at a Block, which lowering should have removed"):
        emit(tiled_product().mod, cpu_features())


def test_memory_inside_a_program_is_made_once_at_the_entry() -> None:
    X, T = Buffer("X", (4,), "float32"), Buffer("T", (4,), "float32", "local")
    i = Var("i")
    store = Seq([Store(T, (i,), Load(X, (i,))), Store(X, (i,), Load(T, (i,)))])
    text = emit(Program("p", [X], 1, [], For(i, 4, Allocate(T, store))), cpu_features())
    entry, _, rest = text.partition("loop.")
    assert "alloca [16 x i8], align 64" in entry
    assert "alloca" not in rest
