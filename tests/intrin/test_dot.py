"""Dot products as instructions: exact at every extreme, in whatever way they are written out."""

from __future__ import annotations

import numpy as np
import pytest

import tvmlab as t
from tests.targets.emitted import run_lowered
from tvmlab.ir import equal
from tvmlab.ir.instruction import INSTRUCTIONS, Instruction
from tvmlab.ir.interpret import interpret
from tvmlab.ir.parse import parse_program
from tvmlab.ir.program import Program
from tvmlab.lower import lower
from tvmlab.targets.cpu.emit import emit
from tvmlab.targets.cpu.limits import cpu_features
from tvmlab.te.evaluate import evaluate
from tvmlab.te.tensor import Tensor

KINDS = {
    "dot4_u8s8": ("uint8", "int8", "int32", 4),
    "dot2_bf16": ("bfloat16", "bfloat16", "float32", 2),
}
SETS = {"dot4_u8s8": "AVX-512VNNI", "dot2_bf16": "AVX-512BF16"}
CALLS = {
    "dot4_u8s8": "llvm.x86.avx512.vpdpbusd.512",
    "dot2_bf16": "llvm.x86.avx512bf16.dpbf16ps.512",
}


class Processor:
    """A processor with or without the instruction."""

    llvm_cpu = "x86-64-v4"
    has_fma = True

    def __init__(self, vector_bits: int, *instruction_sets: str) -> None:
        self.vector_bits = vector_bits
        self.instruction_sets = instruction_sets


def product(kind: str, m: int = 6, n: int = 48, k: int = 5) -> Tensor:
    """C[y, x] = sum of A[y, k] * B[k // group][x][k % group], k groups long."""
    a_dtype, b_dtype, wide, group = KINDS[kind]
    a = t.placeholder((m, k * group), a_dtype, name="A")
    b = t.placeholder((k, n, group), b_dtype, name="B")
    ko, ki = t.reduce_axis((0, k), "ko"), t.reduce_axis((0, group), "ki")
    return t.compute(
        (m, n),
        lambda y, x: t.sum(
            a[y, ko * group + ki].astype(wide) * b[ko, x, ki].astype(wide), axis=(ko, ki)
        ),
        name="C",
    )


def tensorized(kind: str, **sizes: int) -> t.Schedule:
    c = product(kind, **sizes)
    s = t.create_schedule(c)
    s[c].tile("y", "x", 3, 16)
    s[c].reorder("ko", "yi", "xi", "ki")
    s[c].tensorize("xi", kind)
    s[c].unroll("yi")
    return s


def arrays(kind: str, c: Tensor, seed: int = 0) -> list[np.ndarray]:
    """Inputs of a product over the whole range of their dtypes."""
    rng = np.random.default_rng(seed)
    a, b = t.create_schedule(c).mod.params[:2]
    if kind == "dot4_u8s8":
        return [
            rng.integers(0, 256, a.extents).astype("uint8"),
            rng.integers(-128, 128, b.extents).astype("int8"),
        ]
    return [rng.standard_normal(x.extents).astype("bfloat16") for x in (a, b)]


def text_for(program: Program, bits: int, *sets: str) -> str:
    return emit(lower(program), Processor(bits, *sets))


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_printed_with_its_tiles_and_reads_back(kind: str) -> None:
    group = KINDS[kind][3]
    s = tensorized(kind)
    assert str(s).splitlines()[1:] == [
        "    for yo in range(2):",
        "        for xo in range(3):",
        "            for ko in range(5):",
        "                for yi in unrolled(3):",
        '                    with block("C", vy=yo * 3 + yi, vx=xo, vko=reduce(ko), '
        "vki=reduce(0)):",
        "                        with init():",
        f"                            {kind}_start(C[vy, vx * 16])",
        f"                        {kind}(C[vy, vx * 16], A[vy, vko * {group}], B[vko, vx * 16, 0])",
    ]
    assert equal(parse_program(str(s)), s.mod)
    assert all(s.check())


@pytest.mark.parametrize("kind", KINDS)
def test_one_instruction_where_the_machine_has_it(kind: str) -> None:
    program = tensorized(kind).mod
    call = f"@{CALLS[kind]}("
    with_it = text_for(program, 512, SETS[kind])
    assert with_it.count(call) == 3 + 1, "three rows, and the declaration"
    assert "fmul" not in with_it
    assert " mul " not in with_it.replace("mul nsw i64", "")
    assert call not in text_for(program, 512)
    assert call not in text_for(program, 256, SETS[kind], "AVX-512VL")
    assert call.replace("512(", "256(") in text_for(program, 256, SETS[kind], "AVX-512VL")
    assert call.replace("512(", "256(") not in text_for(program, 256, SETS[kind])


@pytest.mark.parametrize(("bits", "sets"), [(256, "AVX2"), (512, "AVX-512BW")])
def test_without_the_instruction_pairs_of_bytes_are_multiplied_and_added(
    bits: int, sets: str
) -> None:
    text = text_for(tensorized("dot4_u8s8").mod, bits, sets)
    assert text.count("pmadd") == 3 * (512 // bits) * 2 + 1, "even and odd bytes of three rows"
    assert "zext" not in text.replace("zext i64", "")
    halves = text_for(tensorized("dot2_bf16").mod, bits, sets)
    assert halves.count("call <") == 3 * (512 // bits) * 2
    assert "fpext" not in halves


@pytest.mark.parametrize("how", ["as it is", "without it", "in 256 bits"])
@pytest.mark.parametrize("kind", KINDS)
def test_with_the_instruction_and_without_it_computes_the_same(kind: str, how: str) -> None:
    program = lower(tensorized(kind).mod)
    given = arrays(kind, product(kind))
    (expected,) = evaluate([product(kind)], dict(zip("AB", given, strict=True)))
    here = cpu_features()
    sets = here.instruction_sets if how == "in 256 bits" else ()
    machine = Processor(min(here.vector_bits, 256) if sets else here.vector_bits, *sets)
    machine.llvm_cpu = here.llvm_cpu
    found = run_lowered(program, *given, machine=here if how == "as it is" else machine)
    assert (np.abs(found - expected.value) <= expected.bound).all()
    output = np.zeros_like(found)
    interpret(program, [*given, output])
    assert (np.abs(output - expected.value) <= expected.bound).all()


@pytest.mark.parametrize("a", [0, 1, 255])
@pytest.mark.parametrize("b", [-128, -1, 0, 127])
def test_bytes_never_saturate(a: int, b: int) -> None:
    c = product("dot4_u8s8", k=64)
    given = [np.full((6, 256), a, "uint8"), np.full((64, 48, 4), b, "int8")]
    found = run_lowered(lower(tensorized("dot4_u8s8", k=64).mod), *given)
    assert (found == 256 * a * b).all()
    assert c.dtype == "int32"


def test_sums_of_bytes_wrap_around_at_32_bits() -> None:
    k = 2**31 // (255 * 127 * 4) + 2
    given = [np.full((3, 4 * k), 255, "uint8"), np.full((k, 16, 4), 127, "int8")]
    found = run_lowered(lower(tensorized("dot4_u8s8", m=3, n=16, k=k).mod), *given)
    exact = 255 * 127 * 4 * k
    assert exact > 2**31
    assert (found == exact - 2**32).all()


def test_subnormal_numbers_may_count_as_zero_and_no_more() -> None:
    """What `tvmlab.ir.operation` says of VDPBF16PS: 2**-126 of a sum, or times the other factor."""
    c = product("dot2_bf16", m=3, n=16, k=2)
    tiny, rng = 2.0**-126, np.random.default_rng(1)
    scale = rng.choice([tiny / 8, tiny, 1.0, 2.0**-63], (3, 4))
    a = (rng.standard_normal((3, 4)) * scale).astype("bfloat16")
    b = (rng.standard_normal((2, 16, 2)) * rng.choice([tiny / 4, 1.0], (2, 16, 2))).astype(
        "bfloat16"
    )
    (expected,) = evaluate([c], {"A": a, "B": b})
    found = run_lowered(lower(tensorized("dot2_bf16", m=3, n=16, k=2).mod), a, b)
    sizes = np.abs(a).astype(float).sum(1)[:, None] + np.abs(b).astype(float).sum((0, 2))[None]
    assert (np.abs(found - expected.value) <= expected.bound + tiny * (sizes + 4)).all()


def test_elements_that_do_not_stand_side_by_side_are_another_computation() -> None:
    a = t.placeholder((4, 16), "uint8", name="A")
    b = t.placeholder((4, 16, 4), "int8", name="B")
    ko, ki = t.reduce_axis((0, 4), "ko"), t.reduce_axis((0, 4), "ki")
    c = t.compute(
        (4, 16),
        lambda y, x: t.sum(a[ki, ko].astype("int32") * b[ko, x, ki].astype("int32"), axis=(ko, ki)),
        name="C",
    )
    s = t.create_schedule(c)
    s[c].reorder("ko", "x", "ki")
    with pytest.raises(t.ScheduleError, match="computes something else"):
        s[c].tensorize("x", "dot4_u8s8")


def test_an_operand_in_registers_is_calculated_with_one_by_one() -> None:
    a = t.placeholder((4, 8), "uint8", name="A")
    b = t.placeholder((4, 16, 4), "int8", name="B")
    half = t.compute((4, 4), lambda y, k: a[y, k + 3] // 2, name="H")
    k = t.reduce_axis((0, 4), "k")
    c = t.compute(
        (4, 16),
        lambda y, x: t.sum(half[y, k].astype("int32") * b[y, x, k].astype("int32"), axis=k),
        name="C",
    )
    s = t.create_schedule(c)
    s[half].compute_at("C", "y")
    s[half].unroll("k")
    s[c].tensorize("x", "dot4_u8s8")
    text = text_for(s.mod, 512, "AVX-512VNNI")
    assert "vpdpbusd" not in text
    assert all(s.check())


@pytest.mark.parametrize("instruction", INSTRUCTIONS.values(), ids=INSTRUCTIONS)
def test_what_is_written_out_does_what_is_declared(instruction: Instruction) -> None:
    """The declared loops and the execution, in the interpreter, on the same numbers."""
    program = instruction.program
    rng = np.random.default_rng(0)
    whole = [rng.integers(0, 100, b.extents).astype(b.dtype) for b in program.params[:-1]]
    results = [np.zeros(program.params[-1].extents, program.params[-1].dtype) for _ in range(2)]
    interpret(program, [*whole, results[0]])
    names = ", ".join(f"{b.name}[{', '.join('0' for _ in b.shape)}]" for b in instruction.operands)
    header = ", ".join(
        f"{b.name}: {b.dtype}[{', '.join(map(str, b.shape))}]" for b in program.params
    )
    first = names.split("], ")[0] + "]"
    start = f"        with init():\n            {instruction.start}({first})\n"
    text = (
        f"def {program.name}({header}):\n"
        f'    with block("{program.name}"):\n'
        f"{start if instruction.start else ''}"
        f"        {instruction.update}({names})"
    )
    interpret(parse_program(text), [*whole, results[1]])
    assert np.array_equal(results[0], results[1])
