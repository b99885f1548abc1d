"""LLVM IR of the loops that find a processor's limits: fused multiply-adds, and reading memory.

Each is a body of a parallel loop, `void (ptr closure, i64 begin, i64 end)`, with one iteration for
each thread. The closure holds the data's address, the bytes each thread has of it, and how many
times to go over them.
"""

from __future__ import annotations

from typing import NamedTuple

from tvmlab.targets.cpu.limits.features import CpuFeatures

LLVM_TYPES = {"float32": ("float", 32), "float64": ("double", 64)}


class Dot(NamedTuple):
    """An instruction that adds products of narrow numbers to each lane of 32 bits.

    Attributes:
        intrinsic: LLVM's name of it, before the width.
        element: LLVM's type of a factor.
        result: LLVM's type of a lane.
        group: products that one lane takes.
        instruction_sets: any of them has it, at the width that this processor prefers.
    """

    intrinsic: str
    element: str
    result: str
    group: int
    instruction_sets: dict[int, str]


DOTS = {
    "uint8": Dot("llvm.x86.avx512.vpdpbusd", "i8", "i32", 4, {512: "AVX-512VNNI", 256: "AVX-VNNI"}),
    "bfloat16": Dot("llvm.x86.avx512bf16.dpbf16ps", "bfloat", "float", 2, {512: "AVX-512BF16"}),
}
"""By the dtype of the factors; uint8 goes with int8."""

_BODY = """\
define void @{name}(ptr %closure, i64 %begin, i64 %end) {{
entry:
  %data = load ptr, ptr %closure
  %bytes.at = getelementptr i64, ptr %closure, i64 1
  %bytes = load i64, ptr %bytes.at
  %passes.at = getelementptr i64, ptr %closure, i64 2
  %passes = load i64, ptr %passes.at
  br label %thread
thread:
  %i = phi i64 [ %begin, %entry ], [ %i.next, %stored ]
  %offset = mul i64 %i, %bytes
  %region = getelementptr i8, ptr %data, i64 %offset
{before}
  br label %pass
pass:
  %p = phi i64 [ 0, %thread ], [ %p.next, %{passed} ]
{work}
  %p.next = add i64 %p, 1
  %again = icmp ult i64 %p.next, %passes
  br i1 %again, label %pass, label %stored
stored:
{after}
  %i.next = add i64 %i, 1
  %more = icmp slt i64 %i.next, %end
  br i1 %more, label %thread, label %done
done:
  ret void
}}
"""


def multiply_adds(features: CpuFeatures, dtype: str, lanes: int | None = None) -> tuple[str, int]:
    """Text of a body `fma_<dtype>`, and the floating-point operations of one pass.

    Vectors have as many `lanes` as the processor's registers, unless told: one lane is no vector.
    Independent chains of fused multiply-adds in registers, twice as many as the latency (4 cycles)
    times the units (2) of today's processors, where the registers allow.
    """
    element, bits = LLVM_TYPES[dtype]
    lanes = features.lanes(bits) if lanes is None else lanes
    vector = f"<{lanes} x {element}>"
    chains = min(16, features.vector_registers - 4)
    rounds = 8  # unrolled, so that the loop itself costs nothing
    work = [
        f"  %a{c}.0 = phi {vector} [ %start, %thread ], [ %a{c}.{rounds}, %pass ]"
        for c in range(chains)
    ]
    for r in range(rounds):
        work += [
            f"  %a{c}.{r + 1} = call {vector} @llvm.fma.v{lanes}f{bits}"
            f"({vector} %a{c}.{r}, {vector} %scale, {vector} %start)"
            for c in range(chains)
        ]
    after = [f"  %s1 = fadd {vector} %a0.{rounds}, %a1.{rounds}"]
    after += [f"  %s{c} = fadd {vector} %s{c - 1}, %a{c}.{rounds}" for c in range(2, chains)]
    after += [f"  store {vector} %s{chains - 1}, ptr %region, align 64"]
    before = [
        f"  %start = load {vector}, ptr %region, align 64",
        f"  %scale = fmul {vector} %start, %start",
    ]
    text = _filled(f"fma_{dtype}", before, work, after, passed="pass")
    declared = f"declare {vector} @llvm.fma.v{lanes}f{bits}({vector}, {vector}, {vector})\n"
    return text + declared, 2 * lanes * chains * rounds


def offered_dots(features: CpuFeatures) -> tuple[str, ...]:
    """The keys of `DOTS` whose instruction this processor has."""
    return tuple(
        dtype
        for dtype, dot in DOTS.items()
        if dot.instruction_sets.get(features.vector_bits) in features.instruction_sets
    )


def dots(features: CpuFeatures, dtype: str) -> tuple[str, int]:
    """Text of a body `dot_<dtype>`, and the operations of one pass: chains as of multiply-adds."""
    dot, bits = DOTS[dtype], features.vector_bits
    lanes = features.lanes(32)
    result = f"<{lanes} x {dot.result}>"
    factors = f"<{lanes * dot.group} x {dot.element}>"
    chains, rounds = min(16, features.vector_registers - 4), 8
    before = [
        f"  %start = load {result}, ptr %region, align 64",
        f"  %left = load {factors}, ptr %region, align 64",
        f"  %right.at = getelementptr i8, ptr %region, i64 {bits // 8}",
        f"  %right = load {factors}, ptr %right.at, align 64",
    ]
    work = [
        f"  %a{c}.0 = phi {result} [ %start, %thread ], [ %a{c}.{rounds}, %pass ]"
        for c in range(chains)
    ]
    for r in range(rounds):
        work += [
            f"  %a{c}.{r + 1} = call {result} @{dot.intrinsic}.{bits}"
            f"({result} %a{c}.{r}, {factors} %left, {factors} %right)"
            for c in range(chains)
        ]
    after = [
        f"  %at{c} = getelementptr i8, ptr %region, i64 {c * bits // 8}\n"
        f"  store {result} %a{c}.{rounds}, ptr %at{c}, align 64"
        for c in range(chains)
    ]
    text = _filled(f"dot_{dtype}", before, work, after, passed="pass")
    declared = f"declare {result} @{dot.intrinsic}.{bits}({result}, {factors}, {factors})\n"
    return text + declared, 2 * lanes * dot.group * chains * rounds


READ_STEP_VECTORS = 8
"""Vectors read in one step of the reading loop: a thread's bytes are a multiple of them."""


def reading(features: CpuFeatures) -> str:
    """Text of a body `read`: each pass reads a thread's bytes once, in order.

    Strictly in order: with twice as many loads a step, the code generator mixes them, and the
    hardware no longer sees the stream (DRAM at a third of its speed).
    """
    lanes, streams = features.lanes(64), READ_STEP_VECTORS
    vector, vector_bytes = f"<{lanes} x i64>", features.vector_bits // 8
    work = [
        f"  %p{s} = phi {vector} [ zeroinitializer, %thread ], [ %w{s}, %passed ]"
        for s in range(streams)
    ]
    # Memory may change between passes, for all the compiler knows: no pass can be left out.
    work += ['  call void asm sideeffect "", "~{memory}"()']
    work += ["  br label %step", "step:", "  %at = phi i64 [ 0, %pass ], [ %at.next, %step ]"]
    for s in range(streams):
        work += [f"  %r{s} = phi {vector} [ %p{s}, %pass ], [ %w{s}, %step ]"]
    for s in range(streams):
        work += [
            f"  %o{s} = add i64 %at, {s * vector_bytes}",
            f"  %q{s} = getelementptr i8, ptr %region, i64 %o{s}",
            f"  %v{s} = load {vector}, ptr %q{s}, align 64",
            f"  %w{s} = or {vector} %r{s}, %v{s}",
        ]
    work += [
        f"  %at.next = add i64 %at, {streams * vector_bytes}",
        "  %left = icmp ult i64 %at.next, %bytes",
        "  br i1 %left, label %step, label %passed",
        "passed:",
    ]
    after = [f"  %t1 = or {vector} %w0, %w1"]
    after += [f"  %t{s} = or {vector} %t{s - 1}, %w{s}" for s in range(2, streams)]
    after += [f"  store {vector} %t{streams - 1}, ptr %region, align 64"]
    return _filled("read", [], work, after, passed="passed")


def _filled(name: str, before: list[str], work: list[str], after: list[str], passed: str) -> str:
    """The body's text; `passed` is the block in which `work` ends."""
    return _BODY.format(
        name=name,
        before="\n".join(before),
        work="\n".join(work),
        after="\n".join(after),
        passed=passed,
    )
