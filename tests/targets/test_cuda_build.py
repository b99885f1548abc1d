"""CUDA C becomes PTX, machine code and SASS for every architecture, without a device."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.targets.cuda_texts import FRAGMENTS, SAXPY, TWO_KERNELS
from tvmlab.errors import TargetError
from tvmlab.targets.cfamily.emit import linked_lines
from tvmlab.targets.cuda.build import compile as compiling
from tvmlab.targets.cuda.build import disassemble, tools
from tvmlab.targets.cuda.build.compile import compile_cuda
from tvmlab.targets.cuda.build.disassemble import disassembled
from tvmlab.targets.cuda.provenance import linked
from tvmlab.targets.cuda.report import KernelResources, resources_of
from tvmlab.targets.object_cache import ObjectCache

ARCHITECTURES = ("sm_75", "sm_80", "sm_86", "sm_89", "sm_90", "sm_90a")


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_code_for_every_architecture_with_its_resources(architecture: str) -> None:
    made = compile_cuda(SAXPY, architecture)
    assert f".target {architecture}" in made.ptx
    assert made.cubin.startswith(b"\x7fELF")
    [used] = resources_of(made.log, architecture)
    assert (used.kernel, used.architecture) == ("saxpy", architecture)
    assert 4 <= used.registers <= 64
    assert (used.shared_bytes, used.local_bytes) == (1024, 0)
    assert "no spills, 1024 bytes of shared memory a block" in str(used)


def test_headers_of_the_wheels_and_tensor_cores() -> None:
    made = compile_cuda(FRAGMENTS, "sm_80")
    lines = linked(disassembled(made.cubin), "sass", linked_lines(FRAGMENTS))
    multiplies = [line for line in lines if "HMMA.16816.F32" in line[0]]
    assert len(multiplies) == 2
    assert {number for _, number in multiplies} == {9}, "inlined from a header, and called there"


def test_ptx_and_sass_lead_back_to_lines_of_the_program() -> None:
    made = compile_cuda(SAXPY, "sm_80")
    source = linked_lines(SAXPY)
    ptx = linked(made.ptx, "ptx", source)
    assert {n for text, n in ptx if "mul.f32" in text or "add.f32" in text} <= {3, 5}
    assert {n for text, n in ptx if "ld.global" in text} == {3, 5}
    sass = linked(disassembled(made.cubin), "sass", source)
    assert {n for text, n in sass if "LDG" in text} == {3, 5}
    assert [n for text, n in sass if "STG" in text] == [5]
    assert all(n == 0 for text, n in sass if "/*" not in text)
    marks = ("//##", ".loc", ".debug")
    assert not any(mark in text for mark in marks for text, _ in (*ptx, *sass))


def test_several_kernels_and_local_memory_are_reported() -> None:
    found = {r.kernel: r for r in resources_of(compile_cuda(TWO_KERNELS, "sm_86").log, "sm_86")}
    assert found.keys() == {"first", "second"}
    assert (found["first"].local_bytes, found["second"].local_bytes) == (0, 256)
    second = found["second"]
    assert "256 bytes of local memory" in str(second)
    spilled = KernelResources("k", "sm_80", 0, 255, 0, 16, 8, 4)
    assert "12 bytes of spills" in str(spilled)


@pytest.mark.parametrize(
    ("text", "architecture", "words"),
    [
        ("no such text", "sm_80", 'line 1 of kernel.cu: identifier "no" is undefined'),
        ('#include "nothing.h"\n', "sm_80", 'cannot open source file "nothing.h"'),
        (SAXPY.replace("* 2.0f", "* two"), "sm_90", 'line 3 of kernel.cu: identifier "two"'),
        (SAXPY.replace("[256]", "[99999]"), "sm_80", "uses 399996 bytes of shared memory, and sm"),
        (SAXPY, "sm_30", "makes no code for sm_30; it makes code for sm_75"),
        (SAXPY, "gfx90a", "'gfx90a' is not known; name one as in 'sm_80'"),
    ],
)
def test_what_cannot_be_built_is_told_in_a_sentence(
    text: str, architecture: str, words: str
) -> None:
    with pytest.raises(TargetError) as caught:
        compile_cuda(text, architecture)
    assert words in str(caught.value)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_what_was_built_is_kept(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "OBJECTS", ObjectCache())
    made = compile_cuda(SAXPY, "sm_80")
    assert len(list((own_cache / "objects").iterdir())) == 1
    monkeypatch.setattr(compiling, "OBJECTS", ObjectCache())
    monkeypatch.setattr(compiling, "_compiled", None)
    assert compile_cuda(SAXPY, "sm_80") == made


def test_without_a_tool_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent() -> None:
        raise TargetError(f"Showing SASS needs nvdisasm; {tools.ASK}.")

    monkeypatch.setattr(disassemble, "disassembler", absent)
    with pytest.raises(TargetError, match=r"pip install 'tvmlab\[cuda\]'"):
        disassembled(b"")


def test_a_disassembler_that_refuses_is_told() -> None:
    with pytest.raises(TargetError, match="nvdisasm refuses the kernel"):
        disassembled(b"no ELF")
