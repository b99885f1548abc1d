from __future__ import annotations

import threading

import numpy as np
import pytest

from tests.targets.llvm_texts import (
    AXPY,
    AXPY_SIGNATURE,
    EXP,
    EXP_SIGNATURE,
    WORKSPACES,
    WORKSPACES_SIGNATURE,
)
from tvmlab.errors import TargetError
from tvmlab.ir import Buffer, Program
from tvmlab.ir.program import Seq
from tvmlab.targets import Param, Signature
from tvmlab.targets.cpu.run import CpuKernel

X = np.arange(1000, dtype=np.float32).reshape(10, 100)


@pytest.fixture(scope="module")
def axpy() -> CpuKernel:
    return CpuKernel(AXPY, AXPY_SIGNATURE)


def zeros() -> np.ndarray:
    return np.zeros((10, 100), np.float32)


def test_outputs_are_written_in_place(axpy: CpuKernel) -> None:
    y = np.ones_like(X)
    axpy(X, y)
    assert (y == 2 * X + 1).all()


def test_bound_calls_see_later_changes(axpy: CpuKernel) -> None:
    x, y = X.copy(), zeros()
    bound = axpy.prepare(x, y)
    bound()
    x[:] = 1
    bound.repeat(3)
    bound.repeat(0)
    assert (y == 2 * X + 6).all()


def test_bound_calls_keep_their_arrays_alive(axpy: CpuKernel) -> None:
    bound = axpy.prepare(X.copy(), zeros())
    junk = [np.full((10, 100), 9, np.float32) for _ in range(20)]
    bound.repeat(100)
    assert all((j == 9).all() for j in junk)


class Dlpack:
    """An array known by its DLPack methods alone, as another library's is."""

    def __init__(self, array: np.ndarray) -> None:
        self._array = array

    def __dlpack__(self, **options: object) -> object:
        return self._array.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._array.__dlpack_device__()


class OtherDevice(Dlpack):
    def __dlpack_device__(self) -> tuple[int, int]:
        return (2, 0)  # kDLCUDA


class Interface:
    def __init__(self, array: np.ndarray) -> None:
        self.__array_interface__ = array.__array_interface__


class Subclass(np.ndarray): ...


@pytest.mark.parametrize("wrap", [Dlpack, Interface, lambda a: a.view(Subclass)])
def test_other_arrays_are_used_without_a_copy(axpy: CpuKernel, wrap: type) -> None:
    y = zeros()
    axpy(wrap(X), wrap(y))
    assert (y == 2 * X).all()


READ_ONLY = zeros()
READ_ONLY.setflags(write=False)
SHIFTED = np.zeros(4001, np.uint8)[1:].view(np.float32).reshape(10, 100)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ((X,), r"takes 2 arrays \(X: float32\[10, 100\], Y: float32\[10, 100\]\), but got 1"),
        ((X.astype(np.float64), zeros()), r"expects X: float32.*got float64.*astype\('float32'\)"),
        ((X.astype(">f4"), zeros()), "got >f4"),
        (
            (X.reshape(100, 10), zeros()),
            r"got float32\[100, 10\]; pass an array of shape \[10, 100\]",
        ),
        ((X, np.asfortranarray(zeros())), "expects Y.*strides.*ascontiguousarray"),
        ((X, zeros()[::-1]), "strides"),
        ((X, READ_ONLY), "read-only array, and Y is written"),
        ((SHIFTED, zeros()), "address is no multiple of 4"),
        (([1.0], zeros()), r"X: float32\[10, 100\] as an array, but got a list"),
        ((X, None), "got a NoneType"),
        ((OtherDevice(X), zeros()), "expects X.*in CPU memory, but got an OtherDevice on"),
    ],
)
def test_arrays_that_do_not_fit(axpy: CpuKernel, arrays: tuple[object, ...], words: str) -> None:
    for call in (axpy, axpy.prepare):
        with pytest.raises(TargetError, match=words) as caught:
            call(*arrays)
        assert str(caught.value).startswith("Kernel axpy ")
        assert "\n" not in str(caught.value)


def test_read_only_inputs_are_welcome(axpy: CpuKernel) -> None:
    y = zeros()
    axpy(READ_ONLY, y)
    assert (y == 0).all()


def test_outputs_must_not_overlap_other_arrays(axpy: CpuKernel) -> None:
    memory = np.zeros(1100, np.float32)
    with pytest.raises(TargetError, match="Y and X that share memory, and writes Y"):
        axpy(X, X)
    for offset in (1, 99):
        with pytest.raises(TargetError, match="share memory"):
            axpy(memory[:1000].reshape(10, 100), memory[offset : 1000 + offset].reshape(10, 100))
        with pytest.raises(TargetError, match="share memory"):
            axpy(memory[offset : 1000 + offset].reshape(10, 100), memory[:1000].reshape(10, 100))
    wide = np.zeros(2000, np.float32)
    axpy(wide[:1000].reshape(10, 100), wide[1000:].reshape(10, 100))


def test_workspaces_are_aligned_and_reused() -> None:
    kernel = CpuKernel(WORKSPACES, WORKSPACES_SIGNATURE)
    first, second = np.zeros(2, np.int64), np.zeros(2, np.int64)
    kernel(first)
    kernel(second)
    assert (first % 64 == 0).all()
    assert first[0] != first[1]
    assert (first == second).all()


def test_workspaces_are_not_shared_by_calls_at_once() -> None:
    kernel = CpuKernel(WORKSPACES, WORKSPACES_SIGNATURE)
    bound, called = np.zeros(2, np.int64), np.zeros(2, np.int64)
    call = kernel.prepare(bound)
    call()
    kernel(called)
    assert not set(bound) & set(called)


def test_calls_from_several_threads() -> None:
    kernel = CpuKernel(EXP, EXP_SIGNATURE)
    wrong: list[float] = []

    def call(value: float) -> None:
        x, y = np.array([value], np.float32), np.zeros(1, np.float32)
        for _ in range(2000):
            y[0] = 0
            kernel(x, y)
            if abs(y[0] - np.exp(x[0])) > 1e-5:
                wrong.append(value)

    threads = [threading.Thread(target=call, args=(v,)) for v in (0.0, 0.5, 1.0)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


@pytest.mark.parametrize("kind", ["llvm", "llvm-optimised", "asm", "asm-intel"])
def test_code_of_every_kind(axpy: CpuKernel, kind: str) -> None:
    assert "axpy" in axpy.code(kind)


def test_code_of_an_unknown_kind(axpy: CpuKernel) -> None:
    with pytest.raises(TargetError, match="'ptx' is not made by target cpu; use one of llvm"):
        axpy.code("ptx")


def test_the_signature_of_a_program() -> None:
    a, c, packed = (
        Buffer("A", (4, 8), "int8"),
        Buffer("C", (4,), "bool"),
        Buffer("P", (3, 5), "int32"),
    )
    signature = Signature.of(Program("f", [a, c], 1, [packed], Seq([])))
    assert signature == Signature(
        "f", (Param("A", (4, 8), "int8", False), Param("C", (4,), "bool", True)), (60,)
    )
