"""Our CUDA kernels beside cuBLAS and cuDNN (through torch) and Triton, in interleaved rounds.

    python benchmarks/gpu.py [names] [--trials 0] [--rounds 20] [--json FILE]

Needs a CUDA device and torch with CUDA; without them it says so in one sentence. Every contender is
called in turn, round after round, some calls between two moments at which the device is idle, so
that launches overlap with kernels; compare least times.
Ours is the default schedule of the operator's template, or the best of `--trials` of the tuner.
Results are checked against NumPy in float64 first; `python -m tests.fuzz.gpu_proof` proves far more
of them on the device. Shares are of the machine's peak: multiply-adds
of its FP32 units, or of its TensorCores where operands are float16, or bytes of its memory,
whichever the operator needs longer for.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import tvmlab as t
from tvmlab import ops, targets
from tvmlab.errors import TvmlabError
from tvmlab.ops import Workload
from tvmlab.targets.cuda.limits import cuda_devices
from tvmlab.targets.target import Signature

TRANSFORMER = (
    (1, 64, 4096, 1024), (1, 64, 1024, 1024), (1, 128, 4096, 1024), (1, 128, 1024, 4096),
    (16, 128, 128, 64), (16, 128, 64, 128),
)  # fmt: skip
"""Batch, rows, columns and length of the products of apache/tvm #7146."""

HALF = "float16"

WORKLOADS: dict[str, Callable[[], Workload]] = {
    "headline": lambda: ops.named("headline"),
    "matmul_4096": lambda: ops.matmul(4096, 4096, 4096),
    **{
        f"batch_{'x'.join(map(str, shape))}": lambda shape=shape: ops.batch_matmul(*shape)  # type: ignore[misc]
        for shape in TRANSFORMER
    },
    **{f"C{n}": lambda n=n: ops.named(f"C{n}") for n in range(1, 13)},  # type: ignore[misc]
    "softmax": lambda: ops.softmax(4096, 4096),
    "matmul_4096_f16": lambda: ops.matmul(4096, 4096, 4096, dtype=HALF),
    **{
        f"batch_{'x'.join(map(str, shape))}_f16": lambda shape=shape: ops.batch_matmul(  # type: ignore[misc]
            *shape, dtype=HALF
        )
        for shape in TRANSFORMER
    },
    "attention_128_f16": lambda: ops.attention(8, 16, 128, 64, dtype=HALF),
    "attention_384_f16": lambda: ops.attention(8, 16, 384, 64, dtype=HALF),
    "attention_2048_f16": lambda: ops.attention(1, 16, 2048, 64, dtype=HALF),
    "conv2d_f16": lambda: ops.conv2d(16, 64, 56, 56, 64, 3, dtype=HALF),
    "grouped_conv2d_f16": lambda: ops.conv2d(16, 128, 28, 28, 128, 3, groups=4, dtype=HALF),
}
"""What is measured, by name."""

LANES = {7: 64, 8: 128, 9: 128, 10: 128, 12: 128}
"""FP32 multiply-adds of a multiprocessor a cycle, by the major compute capability (CUDA C++
Programming Guide, arithmetic instructions); 8.0 has 64."""

TENSOR_LANES = {(7, 5): 512, (8, 0): 1024, (8, 6): 512, (8, 9): 512, (9, 0): 2048}
"""The same of TensorCores for float16, sums in float32 at full rate (NVIDIA's architecture papers
of Turing, A100, GA102, AD102 and H100)."""

WRONG = {"float16": 5e-3}
"""Errors that are no rounding any more, of the largest element; 1e-3 of other dtypes."""

CALLS = 20
"""Calls of a contender between two moments at which the device is idle."""

Call = Callable[[], Any]


def problem() -> str:
    """Why nothing can be measured here, in one sentence; empty if it can."""
    devices, why = cuda_devices()
    if not devices:
        return f"nothing to measure: {why}"
    if importlib.util.find_spec("torch") is None:
        return "nothing to compare with: torch is not installed; install it with CUDA."
    if not importlib.import_module("torch").cuda.is_available():
        return "nothing to compare with: this torch has no CUDA; install one that has."
    return ""


def ours(workload: Workload, trials: int) -> Any:
    """The kernel of the template's default, or of the tuner's best."""
    schedule = t.create_schedule(workload.tensors)
    template = workload.template("cuda")
    machine = targets.get("cuda")
    if trials:
        run = t.tune(workload.tensors, target="cuda", trials=trials)
        run.wait()
        if run.best is None:
            raise TvmlabError(f"no candidate of {workload} ran; see the reasons in its records.")
        schedule = t.replay(workload.tensors, run.best.trace)
    else:
        template.apply(schedule, template.default(workload.tensors))
    lowered = machine.lower(schedule.mod)
    return machine.build(machine.emit(lowered), Signature.of(lowered))


def contenders(workload: Workload, trials: int, torch: Any) -> tuple[dict[str, Call], Any, Any]:
    """Calls by name, each writing on the device; the output of ours, and the reference."""
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(x.extents).astype(x.dtype) for x in workload.inputs]
    given = [torch.from_numpy(array).cuda() for array in arrays]
    (out,) = workload.tensors
    result = torch.zeros(out.extents, dtype=getattr(torch, out.dtype), device="cuda")
    call = ours(workload, trials).prepare(*given, result)
    calls: dict[str, Call] = {"tvmlab": call}
    library = _library(workload, torch)
    calls["torch"] = lambda: library(*given)
    if importlib.util.find_spec("triton") is not None:
        compiled = torch.compile(library, mode="max-autotune")
        calls["triton"] = lambda: compiled(*given)
    return calls, result, workload.reference(*arrays)[0]


def _library(workload: Workload, torch: Any) -> Callable[..., Any]:
    """The same by cuBLAS or cuDNN, TF32 left out: both compute in FP32."""
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    args = workload.args
    if workload.name == "matmul":
        return (lambda a, b: a.T @ b) if args["transpose_a"] else torch.matmul
    if workload.name == "batch_matmul":
        return torch.bmm  # type: ignore[no-any-return]
    if workload.name == "attention":
        return torch.nn.functional.scaled_dot_product_attention  # type: ignore[no-any-return]
    if workload.name == "softmax":
        return lambda a: torch.softmax(a, 1)
    size, stride, kernel = args["height"], args["stride"], args["kernel"]
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    sides = (total // 2, total - total // 2) * 2
    pad = torch.nn.functional.pad
    groups = args["groups"]
    return lambda a, w: torch.nn.functional.conv2d(pad(a, sides), w, stride=stride, groups=groups)


def peaks(torch: Any, dtype: str) -> tuple[float, float]:
    """Flops on operands of a dtype, and bytes, a second at the device's highest clocks."""
    device = torch.cuda.get_device_properties(0)
    clock_hz = device.clock_rate * 1e3
    of = (device.major, device.minor)
    lanes = 64 if of == (8, 0) else LANES.get(device.major, 128)
    if dtype == HALF:
        lanes = TENSOR_LANES.get(of, 1024)
    bytes_s = 2 * device.memory_clock_rate * 1e3 * device.memory_bus_width / 8
    return 2.0 * lanes * device.multi_processor_count * clock_hz, bytes_s


def measured(calls: dict[str, Call], rounds: int, torch: Any) -> dict[str, float]:
    """The least seconds of a call of each, all in turn."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call()
    for _ in range(rounds):
        for name, call in calls.items():
            torch.cuda.synchronize()
            begin_s = time.perf_counter()
            for _ in range(CALLS):
                call()
            torch.cuda.synchronize()
            times[name].append((time.perf_counter() - begin_s) / CALLS)
    return {name: min(found_s) for name, found_s in times.items()}


def row(name: str, trials: int, rounds: int, torch: Any) -> dict[str, Any]:
    """Figures of one workload."""
    workload = WORKLOADS[name]()
    calls, result, expected = contenders(workload, trials, torch)
    calls["tvmlab"]()
    torch.cuda.synchronize()
    error = float(np.abs(result.cpu().numpy() - expected).max() / np.abs(expected).max())
    dtype = workload.inputs[0].dtype
    if error > WRONG.get(dtype, 1e-3):
        raise TvmlabError(f"{name} is wrong by {error:.1g} of its largest element.")
    times_s = measured(calls, rounds, torch)
    flops_s, bytes_s = peaks(torch, dtype)
    limit_s = max(workload.flops / flops_s, workload.bytes / bytes_s)
    best = min(best_s for who, best_s in times_s.items() if who != "tvmlab")
    own = times_s["tvmlab"]
    return {"name": name, "times_s": times_s, "to_library": best / own, "of_peak": limit_s / own}


def main() -> int:
    """Measure and print; 2 where that is not possible."""
    parser = argparse.ArgumentParser(description="GPU kernels beside the libraries'.")
    parser.add_argument("names", nargs="*", default=list(WORKLOADS))
    parser.add_argument("--trials", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--json")
    asked = parser.parse_args()
    unknown = [name for name in asked.names if name not in WORKLOADS]
    why = f"there is no workload {unknown[0]!r}; choose among {', '.join(WORKLOADS)}." if (
        unknown
    ) else problem()  # fmt: skip
    if why:
        print(why, file=sys.stderr)
        return 2
    torch = importlib.import_module("torch")
    print(torch.cuda.get_device_name(0))
    rows = []
    for name in asked.names:
        try:
            rows.append(row(name, asked.trials, asked.rounds, torch))
        except TvmlabError as error:
            print(f"{name}: {error}")
            continue
        found = rows[-1]
        times = "  ".join(f"{who} {1e6 * s:9.1f} us" for who, s in found["times_s"].items())
        print(f"{name:20} {times}  x{found['to_library']:.2f} of the best peer, "
              f"{100 * found['of_peak']:.0f} % of the peak")  # fmt: skip
    if asked.json:
        with open(asked.json, "w", encoding="utf-8") as file:
            json.dump({"device": torch.cuda.get_device_name(0), "rows": rows}, file, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
