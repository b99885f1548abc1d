"""OpenCL: kernels against NumPy on whatever device there is, and what is said where one fails."""

from __future__ import annotations

import numpy as np
import pytest

import tvmlab as t
from tests.targets.gpu_schedules import reversed_rows, tiled_matmul, uneven_elementwise
from tvmlab.errors import TargetError


def test_a_tiled_product_agrees() -> None:
    assert all(tiled_matmul().check("opencl"))


def test_threads_see_what_others_wrote_exactly() -> None:
    a = np.random.default_rng(0).integers(-(2**31), 2**31, (4, 32), np.int32)
    result = np.zeros_like(a)
    reversed_rows().build("opencl")(a, result)
    assert (result == ((a + np.int32(1)) * np.int32(2))[:, ::-1]).all()


@pytest.mark.parametrize("dtype", ["int8", "int64", "uint8", "float64", "bfloat16"])
def test_dtypes_in_an_uneven_grid(dtype: str) -> None:
    assert all(uneven_elementwise(101, 16, dtype).check("opencl"))


def test_refused_arrays_leave_all_as_it_was() -> None:
    f = uneven_elementwise().build("opencl")
    result = np.zeros(1000, np.float32)
    with pytest.raises(TargetError, match="expects A: float32"):
        f(np.zeros(1000), result)
    frozen = np.zeros(1000, np.float32)
    frozen.flags.writeable = False
    with pytest.raises(TargetError, match="read-only"):
        f(np.zeros(1000, np.float32), frozen)
    assert not result.any()


def test_a_compiler_that_refuses_is_quoted() -> None:
    s = uneven_elementwise()
    text = s.code("opencl").replace("get_group_id", "no_such_function")
    signature = s.build("opencl").signature
    with pytest.raises(TargetError, match=r"refused the kernel: .*no_such_function"):
        t.targets.get("opencl").build(text, signature)


def test_there_is_no_device_of_that_number() -> None:
    with pytest.raises(TargetError, match="There is no OpenCL device 77"):
        uneven_elementwise().build({"name": "opencl", "number": 77})
