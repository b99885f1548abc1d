"""Code leads back to the program: every mark is right, and the code is what it is without marks."""

from __future__ import annotations

import re

import pytest

import tvmlab as t
from tvmlab import targets


def _convolution() -> t.Schedule:
    workload = t.ops.conv2d(1, 16, 14, 14, 32, 3)
    template = workload.template()
    s = t.create_schedule(workload)
    template.apply(s, template.default(workload.tensors))
    return s


def _words(text: str) -> list[str]:
    """The lines that say something, metadata unnumbered."""
    return [re.sub(r"!\d+", "!", line) for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize("kind", ["llvm", "llvm-optimised", "asm", "asm-intel"])
def test_marks_change_no_code(kind: str) -> None:
    s = _convolution()
    marked = "\n".join(text for text, _ in s.code_lines(kind, target="cpu"))
    assert _words(marked) == _words(s.code(kind, target="cpu"))


@pytest.mark.parametrize("kind", ["llvm", "asm"])
def test_arithmetic_comes_from_its_block(kind: str) -> None:
    s = _convolution()
    program = str(s).splitlines()
    block = {n: line for n, line in enumerate(program, 1) if "with block(" in line}
    multiply = re.compile(r"fmadd|call .*@llvm\.fma|fmul")
    multiplies = [origin for text, origin in s.code_lines(kind) if multiply.search(text)]
    assert multiplies
    assert all('block("C"' in block[origin] for origin in multiplies)


def test_a_loop_counts_under_its_own_line() -> None:
    a = t.placeholder((64, 1000), name="A")
    s = t.create_schedule(t.compute((64, 1000), lambda y, x: a[y, x] * 2.0, name="B"))
    s["B"].split("x", 8)
    s["B"].vectorize("xi")
    header = {
        line.split()[1]: n for n, line in enumerate(str(s).splitlines(), 1) if " for " in line
    }
    counted = {
        re.search(r"%(\w+?)\.\d+\.next", text)[1]: origin  # type: ignore[index]
        for text, origin in s.code_lines("llvm")
        if re.search(r"%\w+\.\d+\.next = add", text)
    }
    assert counted == {name: header[name] for name in counted}
    assert {"y", "xo"} <= counted.keys()


def test_lines_are_of_the_program_or_none() -> None:
    s = _convolution()
    count = len(str(s).splitlines())
    origins = {origin for _, origin in s.code_lines("asm")}
    assert origins <= set(range(count + 1))
    assert len(origins) > 5


def test_a_target_marks_only_what_it_emitted_with_lines() -> None:
    machine = targets.get("cpu")
    s = _convolution()
    lines = machine.code_lines(machine.emit(s.lowered()), "asm")
    assert {origin for _, origin in lines} == {0}
