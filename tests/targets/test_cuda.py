"""CUDA kernels of schedules: compiled for every architecture, read, and refused without a GPU."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tvmlab as t
from tests.intrin.tensor_cores import FAMILIES, MEMBERS, product, tensorized
from tests.targets.gpu_schedules import (
    in_shared_memory,
    reversed_rows,
    tiled_matmul,
    uneven_elementwise,
)
from tvmlab.errors import TargetError
from tvmlab.ir import dtypes
from tvmlab.ir.functions import FUNCTIONS, call
from tvmlab.targets.cuda import target as cuda_target
from tvmlab.targets.cuda.build import compile_cuda
from tvmlab.targets.cuda.dialect import instructions_of
from tvmlab.targets.cuda.limits import CudaDevice
from tvmlab.targets.cuda.run import CudaMachine
from tvmlab.targets.cuda.shared import asked_bytes
from tvmlab.targets.target import Param, Signature

H100 = CudaDevice("NVIDIA H100", "sm_90", 132, 80 << 30, 50 << 20, 232448, "13.1")
NONE = "No NVIDIA driver is installed; install one."


@pytest.fixture(autouse=True)
def no_device(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As on a machine without a GPU, whatever there is."""
    cuda_target._devices.cache_clear()
    monkeypatch.setattr(cuda_target, "cuda_devices", lambda: ((), NONE))
    yield
    cuda_target._devices.cache_clear()


def target(architecture: str = "") -> Any:
    return t.targets.get({"name": "cuda", "architecture": architecture})


def mnemonics(sass: str) -> set[str]:
    return set(re.findall(r"\*/\s+(?:@!?U?P\w+ )?([A-Z][\w.]*)", sass))


@pytest.mark.parametrize("architecture", ["sm_75", "sm_86", "sm_90a"])
def test_a_tiled_product_in_every_form(architecture: str) -> None:
    s, machine = tiled_matmul(), target(architecture)
    text = s.code("cuda", machine.details())
    assert 'extern "C" __global__ void __launch_bounds__(64)' in text
    assert text.count("__syncthreads();") == 2
    assert f".target {architecture}" in s.code("ptx", machine.details())
    assert {"FFMA", "BAR"} <= {
        m.split(".")[0] for m in mnemonics(s.code("sass", machine.details()))
    }
    (used,) = machine.resources(machine.emit(machine.lower(s.mod)))
    assert (used.kernel, used.shared_bytes, used.local_bytes) == ("C_kernel", 512, 0)
    assert (used.threads, used.occupancy().warps) == (64, 2 * used.occupancy().blocks)
    assert (
        f"blocks of 64 threads, {100 * used.occupancy().share:.0f} % of its warps, limited by"
        in str(used)
    )
    assert tiled_matmul().resources(machine.details()) == (used,)


def test_instructions_lead_to_lines_of_the_program() -> None:
    s = tiled_matmul()
    lines = str(s).splitlines()
    store = next(n for n, x in enumerate(lines, 1) if 'block("C"' in x)
    fetch = next(n for n, x in enumerate(lines, 1) if 'block("A_cache"' in x)
    for kind, computes, fetches in (("ptx", "fma.rn.f32", "ld.global"), ("sass", "FFMA", "LDG")):
        found = s.code_lines(kind)
        assert {n for x, n in found if computes in x} == {store}
        assert fetch in {n for x, n in found if fetches in x}
        assert "\n".join(x for x, _ in found) + "\n" == s.code(kind)


def test_without_a_device_a_kernel_is_there_to_be_read() -> None:
    f = tiled_matmul().build("cuda")
    assert "C_kernel" in f.code("cuda")
    arrays = [np.zeros(p.extents, p.dtype) for p in f.signature.params]
    with pytest.raises(TargetError, match=r"compiled and cannot run here: No NVIDIA driver"):
        f(*arrays)
    with pytest.raises(TargetError, match="cannot run here"):
        f.time(*arrays)
    with pytest.raises(TargetError, match="No NVIDIA driver"):
        target().device()
    assert target().details() == {"name": "cuda", "architecture": "sm_80", "number": 0}


def test_the_device_says_what_is_compiled_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda_target, "cuda_devices", lambda: ((H100,), ""))
    assert target().architecture == "sm_90"
    assert target().device()["multiprocessors"] == 132
    with pytest.raises(TargetError, match="There is no CUDA device 3; there are 1"):
        t.targets.get({"name": "cuda", "number": 3}).device()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"architecture": "fermi"}, "'fermi' is not known"),
        ({"preset": "light"}, "does not take 'preset'"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, str], words: str) -> None:
    with pytest.raises(TargetError, match=words):
        t.targets.get({"name": "cuda", **options})


def test_a_kind_of_another_target_is_refused() -> None:
    with pytest.raises(TargetError, match="'asm' is not made by target cuda"):
        tiled_matmul().code("asm", "cuda")


@pytest.mark.parametrize("dtype", [d for d in dtypes.ALL if d != "bool"])
def test_every_dtype_and_function_compiles(dtype: str) -> None:
    """One kernel for each dtype, with every function it has, in an uneven grid."""
    a = t.placeholder((100, 2), dtype, name="A")
    names = [f for f in FUNCTIONS.values() if f.takes(dtype)]

    def element(i: Any, j: Any) -> Any:
        total = t.maximum(a[i, 0], a[i, 1]) + t.minimum(a[i, 0], a[i, 1])
        for f in names:
            total = total + call(f.name, *(a[i, n] for n in range(f.arity)))
        return total

    s = t.create_schedule(t.compute((100, 2), element, name="C"))
    outer, inner = s["C"].split("i", 32)
    s["C"].bind(outer, "blockIdx.x")
    s["C"].bind(inner, "threadIdx.x")
    machine = target()
    compile_cuda(machine.emit(machine.lower(s.mod)), "sm_80")


WIDE = [("float32", "float", 4), ("float16", "half", 8)]


@pytest.mark.parametrize(("dtype", "kind", "width"), WIDE)
def test_neighbours_are_moved_together(dtype: str, kind: str, width: int) -> None:
    a = t.placeholder((64, 256), dtype, name="A")
    s = t.create_schedule(t.compute((64, 256), lambda i, j: a[i, j] + a[i, j], name="C"))
    outer, lanes = s["C"].split("j", width)
    s["C"].bind("i", "blockIdx.x")
    s["C"].bind(outer, "threadIdx.x")
    s["C"].vectorize(lanes)
    assert f"Vector<{kind}, {width}>" in s.code("cuda")
    sass = mnemonics(s.code("sass"))
    assert any(m.startswith("LDG.E.128") for m in sass), sass
    assert any(m.startswith("STG.E.128") for m in sass), sass


def test_much_shared_memory_is_asked_for_at_the_launch() -> None:
    s = in_shared_memory(16384)
    machine = target("sm_90")
    text = machine.emit(machine.lower(s.mod))
    assert asked_bytes(text) == {"C_kernel": 65536}
    (used,) = machine.resources(text)
    assert used.shared_bytes == 65536
    assert used.occupancy().limiting == ("shared memory",)
    assert asked_bytes(machine.emit(machine.lower(reversed_rows().mod))) == {}


# TensorCores


@pytest.mark.parametrize(("family", "dtype"), MEMBERS)
def test_tensor_cores_multiply(family: str, dtype: str) -> None:
    s = tensorized(family, dtype, by_columns=dtype == "bfloat16")
    machine = target("sm_90a" if dtype == "float16" else "sm_80")
    text = machine.emit(machine.lower(s.mod))
    found = mnemonics(machine.code(text, "sass"))
    assert any(m.startswith("IMMA" if dtype == "int8" else "HMMA") for m in found)
    assert not any(m.startswith("FFMA") for m in found)
    (used,) = machine.resources(text)
    assert used.local_bytes == used.spill_store_bytes == 0
    if family == "mma":
        assert any(m.startswith("LDSM") for m in found)


def test_copies_go_past_the_registers() -> None:
    s = tensorized("mma", "float16", is_async=True)
    assert "wait_for_copies(); __syncthreads();" in s.code("cuda")
    assert any(m.startswith("LDGSTS.E.BYPASS.128") for m in mnemonics(s.code("sass")))
    assert "copy_async" not in s.code("cuda", target("sm_75").details())
    assert "copy_row(" in tensorized("mma", "float16", is_async=True, apart=2).code("cuda")


def test_what_an_architecture_lacks_is_spelled_out() -> None:
    turing = instructions_of((7, 5))
    assert {n.split("_")[0] for n in turing} == {"mma", "wmma"}
    assert {"wmma_f16", "mma_f16", "mma_s8"} <= turing
    assert not turing & {"wmma_bf16", "mma_bf16", "mma_tf32", "copy_async_f16"}
    volta = instructions_of((7, 0))
    assert "wmma_f16" in volta
    assert not volta & {"wmma_s8", "mma_f16"}
    machine = target("sm_75")
    text = machine.emit(machine.lower(tensorized("mma", "bfloat16").mod))
    assert "mma" not in text
    assert "FFMA" in mnemonics(machine.code(text, "sass"))
    for family in FAMILIES:
        text = machine.emit(machine.lower(tensorized(family, "float16", is_async=True).mod))
        found = mnemonics(machine.code(text, "sass"))
        assert any(m.startswith("HMMA.1688") for m in found)
        assert any(m.startswith("LDG.E.128") for m in found), "a copy is one access all the same"


def test_tiles_that_lie_in_other_memory_are_spelled_out() -> None:
    s = t.create_schedule(product("float16", m=16, n=8, k=16))
    s["C"].bind(s["C"].add_unit_loop("y"), "blockIdx.x")
    s["C"].tensorize("y", "mma_f16")
    text = s.code("cuda")
    assert "mma_f16" not in text


def test_a_warp_has_32_threads() -> None:
    s = tensorized("mma", "float16", warps=1)
    text = s.code("cuda")
    assert '"block": [32, 1, 1]' in text
    s = tensorized("mma", "float16", warps=1, threads=64)
    with pytest.raises(TargetError, match=r"bound to .* with 64 iterations; bind a loop of 32"):
        s.code("cuda")


def test_rows_that_begin_anywhere_are_refused_by_wmma() -> None:
    s = tensorized("wmma", "float16", apart=1)
    with pytest.raises(TargetError, match=r"rows that begin at multiples of 32 bytes.*66 bytes"):
        s.code("cuda")
    assert "load_a_words(" in tensorized("mma", "float16", apart=2).code("cuda")
    assert "load_a_matrix(" in tensorized("mma", "float16", apart=8).code("cuda")


# Arrays of a device, without one


def machine_without_device() -> CudaMachine:
    made = object.__new__(CudaMachine)
    made.device = SimpleNamespace(device_id=0, name="a GPU")
    return made


def view(**parts: Any) -> SimpleNamespace:
    given = {
        "device_id": 0, "dtype": np.dtype("float32"), "shape": (2, 3), "strides": None,
        "readonly": False, "ptr": 4096,
    }  # fmt: skip
    return SimpleNamespace(**{**given, **parts})


def test_arrays_of_the_device_are_used_where_they_lie() -> None:
    param = Param("A", (2, 3), "float32", is_output=True)
    machine = machine_without_device()
    assert machine._address(view(), "expects", param) == 4096
    assert machine._address(view(strides=(3, 1)), "expects", param) == 4096
    assert machine.adopt(np.zeros(3), param, Signature("f", (param,))) is None


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"device_id": 1}, "on CUDA device 1; move it to device 0"),
        ({"dtype": np.dtype("float64")}, r"float64\[2, 3\]; convert it"),
        ({"shape": (3, 2)}, "pass an array of shape"),
        ({"strides": (1, 2)}, "strides"),
        ({"readonly": True}, "read-only"),
        ({"ptr": 4100}, "no multiple of 16"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(parts: dict[str, Any], words: str) -> None:
    param = Param("A", (2, 3), "float32", is_output=True)
    with pytest.raises(TargetError, match=words):
        machine_without_device()._address(view(**parts), "Kernel f expects A, but got", param)


def test_uneven_grids_have_a_guard() -> None:
    assert "if (" in uneven_elementwise().code("cuda")


def test_what_was_built_shows_every_kind_of_code() -> None:
    f = t.build(uneven_elementwise(), target={"name": "cuda", "architecture": "sm_86"})
    assert "__global__" in f.code("cuda")
    assert ".target sm_86" in f.code("ptx")
    assert "STG" in f.code("sass")
    with pytest.raises(TargetError, match="'llvm' is not made by target cuda"):
        f.code("llvm")
