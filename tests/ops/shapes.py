"""Small workloads of every operator: sizes that divide, primes, ones, and odd windows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tvmlab import ops
from tvmlab.lower.pipeline import lower
from tvmlab.ops import Workload
from tvmlab.schedule import Schedule, create_schedule
from tvmlab.targets import get
from tvmlab.targets.target import Signature
from tvmlab.te.evaluate import evaluate, random_inputs

SMALL: tuple[Workload, ...] = (
    ops.matmul(16, 32, 8),
    ops.matmul(16, 32, 8, transpose_a=True),
    ops.matmul(17, 13, 19),
    ops.matmul(17, 12, 19, dtype="float16"),
    ops.matmul(13, 16, 8, transpose_a=True, dtype="int8"),
    ops.matmul(1, 1, 1),
    ops.matmul(1, 37, 5, transpose_a=True),
    ops.matmul(23, 1, 32, dtype="float64"),
    ops.matmul(2, 37, 144),
    ops.batch_matmul(3, 16, 32, 8),
    ops.batch_matmul(2, 7, 13, 5),
    ops.batch_matmul(2, 9, 8, 5, dtype="bfloat16"),
    ops.batch_matmul(1, 1, 1, 1, dtype="float64"),
    ops.dense(16, 32, 8),
    ops.dense(7, 13, 19, relu=True),
    ops.dense(13, 130, 37, panel=48, relu=True),
    ops.dense(1, 37, 5, panel=16),
    ops.dense(9, 1, 23, dtype="float64"),
    ops.dense(1, 1, 1, panel=3),
    ops.narrow_matmul(16, 32, 8),
    ops.narrow_matmul(13, 64, 20),
    ops.narrow_matmul(7, 37, 9),
    ops.narrow_matmul(1, 1, 1),
    ops.narrow_matmul(1, 33, 4),
    ops.narrow_matmul(29, 70, 12, dtype="bfloat16"),
    ops.narrow_matmul(9, 48, 6, dtype="bfloat16"),
    ops.narrow_matmul(5, 35, 7, dtype="bfloat16"),
    ops.conv2d(1, 4, 8, 8, 6, 3),
    ops.conv2d(2, 3, 7, 11, 5, 3, stride=2),
    ops.conv2d(1, 2, 9, 9, 3, 7, stride=2),
    ops.conv2d(1, 3, 11, 13, 10, 5, stride=2),
    ops.conv2d(2, 2, 9, 16, 8, (3, 4), stride=(2, 3), padding=(1, 2), dilation=(1, 2), groups=2),
    ops.conv2d(1, 16, 6, 6, 4, 1, stride=2),
    ops.conv2d(1, 3, 7, 9, 8, 3, stride=2, dtype="float16"),
    ops.conv2d(1, 1, 5, 4, 1, (2, 3), padding="VALID"),
    ops.conv2d(1, 2, 6, 6, 3, 3, stride=2, padding=1),
    ops.conv2d(1, 2, 5, 5, 2, 3, padding=(0, 1, 2, 1), dtype="float64"),
    ops.conv2d(1, 5, 9, 10, 16, 3, dilation=2),
    ops.conv2d(2, 6, 8, 7, 9, (3, 1), padding=(2, 1), dilation=(2, 1), groups=3),
    ops.conv2d(1, 4, 7, 7, 24, 3, stride=2, groups=2),
    ops.conv2d(1, 3, 1, 1, 8, 1, padding="VALID"),
    ops.conv2d(1, 1, 1, 9, 16, (1, 3)),
    ops.conv2d(1, 7, 13, 131, 8, 1),
    ops.conv2d_bias_relu(1, 4, 8, 8, 16, 3),
    ops.conv2d_bias_relu(2, 3, 7, 11, 9, 3, stride=2),
    ops.conv2d_bias_relu(1, 4, 6, 7, 8, 1, groups=2, dtype="float64"),
    ops.conv2d_bias_relu(1, 4, 6, 7, 8, 3, dtype="int8"),
    ops.conv2d_bias_relu(1, 1, 1, 1, 1, 1),
    ops.depthwise_conv2d(1, 4, 8, 8, 3),
    ops.depthwise_conv2d(2, 3, 7, 7, 3, stride=2),
    ops.depthwise_conv2d(1, 1, 17, 19, 5, padding="VALID"),
    ops.depthwise_conv2d(1, 2, 30, 40, 3, stride=2),
    ops.depthwise_conv2d(1, 2, 11, 9, 4, stride=3, padding=2, dtype="float64"),
    ops.depthwise_bn_relu(1, 3, 9, 16, 3),
    ops.depthwise_bn_relu(2, 2, 7, 13, 3, stride=2, padding=1),
    ops.depthwise_bn_relu(1, 1, 1, 1, 1, dtype="float64"),
    ops.transpose((64, 48)),
    ops.transpose((37, 53)),
    ops.transpose((3, 20, 33), (0, 2, 1)),
    ops.transpose((5, 7, 11), (2, 0, 1)),
    ops.transpose((4, 5, 6), (1, 0, 2)),
    ops.transpose((2, 3, 4, 5), dtype="float64"),
    ops.transpose((7,)),
    ops.transpose((1, 1)),
    ops.blur(16, 32),
    ops.blur(19, 37),
    ops.blur(7, 13, dtype="float64"),
    ops.blur(1, 1),
    ops.reduce((16, 64)),
    ops.reduce((7, 13)),
    ops.reduce((6, 5, 32), (0, 2)),
    ops.reduce((6, 5, 32), 0, "max"),
    ops.reduce((9, 33), by="mean"),
    ops.reduce((4,), by="min"),
    ops.reduce((3, 4, 5), (0, 1, 2), "prod"),
    ops.reduce((1, 1), dtype="float64"),
    ops.softmax(16, 32),
    ops.softmax(7, 13),
    ops.softmax(5, 100),
    ops.softmax(3, 50, dtype="float64"),
    ops.softmax(1, 1),
    ops.layer_norm(16, 32),
    ops.layer_norm(7, 13),
    ops.layer_norm(4, 40),
    ops.layer_norm(1, 1, dtype="float64"),
    ops.attention(1, 2, 64, 32),
    ops.attention(2, 1, 17, 19, keys=13),
    ops.attention(1, 3, 1, 8, keys=5),
    ops.attention(1, 2, 9, 5, keys=13, dtype="float16"),
    ops.attention(1, 1, 1, 1, dtype="float64"),
    ops.lstm(4, 16),
    ops.lstm(3, 13, batch=2),
    ops.lstm(9, 37),
    ops.lstm(1, 1, dtype="float64"),
    ops.lstm_cell(32, 16),
    ops.lstm_cell(37, 5, batch=3),
    ops.lstm_cell(7, 11, batch=17),
    ops.lstm_cell(1, 1, dtype="float64"),
    ops.gru(4, 16, batch=3),
    ops.gru(10, 7),
    ops.gru(1, 1),
    ops.multiply_add_relu(64),
    ops.multiply_add_relu(9973),
    ops.multiply_add_relu(1),
    ops.pointwise((16, 32)),
    ops.pointwise((3, 7, 5), "add", (7, 1)),
    ops.pointwise((1,), "gelu"),
    ops.pointwise((9, 13), "mul", (3, 1, 13)),
    ops.pointwise((33,), "add", dtype="int32"),
    ops.pointwise((1, 13), "sub", (5, 1), dtype="float64"),
    ops.reshape((4, 6), (3, 8)),
    ops.reshape((2, 3, 7, 13), (6, -1)),
    ops.reshape((5,), (1, 5, 1)),
    ops.concat((3, 5)),
    ops.concat((3, 5), [(3, 2), (3, 1)], axis=1),
    ops.concat((2, 16, 8), axis=-2),
    ops.strided_slice((9, 17), (1, 2), (9, 15), (2, 3)),
    ops.strided_slice((7, 32), step=-1),
    ops.strided_slice((33,), 1),
    ops.pad((3, 5)),
    ops.pad((2, 4, 9), (0, 1, 2), (0, 0, 3), value=2.5),
    ops.pad((1,), 0, 1),
    ops.gather((13, 7)),
    ops.gather((5, 11), (3, 4), axis=1),
    ops.gather((4,), (1,)),
    ops.resize2d(1, 2, 4, 5, 8, 10),
    ops.resize2d(2, 1, 7, 7, 3, 5),
    ops.resize2d(1, 1, 5, 3, 11, 7, method="nearest"),
    ops.resize2d(1, 1, 1, 1, 1, 1),
    ops.batch_norm((2, 3, 5, 7)),
    ops.batch_norm((4, 5)),
    ops.batch_norm((1, 1, 1)),
    ops.max_pool((1, 3, 8, 8)),
    ops.max_pool((2, 3, 7, 7), 3, 2, 1),
    ops.max_pool((1, 2, 13), 4, 3),
    ops.max_pool((1, 2, 4, 6, 5), 2, (1, 2, 1), "SAME"),
    ops.avg_pool((1, 3, 8, 8)),
    ops.avg_pool((2, 1, 7, 9), (3, 2), 1, 1),
    ops.avg_pool((1, 1, 1), 1, dtype="float64"),
    ops.global_pool((2, 3, 7, 7)),
    ops.global_pool((1, 16, 4, 8), "max"),
    ops.global_pool((1, 1, 1)),
    ops.conv1d(1, 4, 16, 8, 3),
    ops.conv1d(2, 6, 13, 4, 3, 2, dilation=2, groups=2),
    ops.conv1d(1, 1, 5, 1, 1, padding="VALID"),
    ops.conv3d(1, 4, 4, 8, 8, 6, 3),
    ops.conv3d(2, 2, 3, 5, 7, 3, (1, 2, 3), (1, 2, 1)),
    ops.conv3d(1, 1, 1, 1, 1, 1, 1, dtype="float64"),
    ops.conv2d_transpose(1, 4, 4, 8, 6, 4, 2, 1),
    ops.conv2d_transpose(2, 3, 5, 3, 2, 3, 2),
    ops.conv2d_transpose(1, 2, 3, 4, 2, (2, 3), (3, 1), (0, 1)),
    ops.conv2d_transpose(1, 1, 1, 1, 1, 1, dtype="float64"),
)


def label(workload: Workload) -> str:
    """The workload as a test's name."""
    return f"{workload.name}-" + "-".join(str(v) for v in workload.args.values())


def inputs_of(workload: Workload, seed: int = 0) -> list[np.ndarray]:
    """Random inputs, in order; positive ones where a function is defined for those alone."""
    arrays = list(random_inputs(workload.tensors, seed).values())
    if workload.args.get("function") in ("log", "sqrt", "rsqrt", "pow"):
        return [np.abs(array) + np.asarray(0.5, array.dtype) for array in arrays]
    return arrays


def run_compiled(schedule: Schedule, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """What the compiled schedule makes of `arrays`; elements it forgets are NaN, or 77."""
    target = get({"name": "cpu", "preset": "explore"})
    program = lower(schedule.mod)
    kernel = target.build(target.emit(program), Signature.of(program))
    outputs = [np.full(t.extents, 77).astype(t.dtype) for t in schedule.outputs]
    for output in outputs:
        if output.dtype.kind == "f":
            output.fill(np.nan)
    kernel(*arrays, *outputs)
    return outputs


def assert_right(
    schedule_or_workload: Schedule | Workload,
    arrays: Sequence[np.ndarray],
    outputs: Sequence[np.ndarray],
) -> None:
    """Fail unless every element of `outputs` is within its bound of the reference."""
    tensors = (
        schedule_or_workload.outputs
        if isinstance(schedule_or_workload, Schedule)
        else schedule_or_workload.tensors
    )
    names = random_inputs(tensors, 0)
    expected = evaluate(tensors, dict(zip(names, arrays, strict=True)))
    for output, reference in zip(outputs, expected, strict=True):
        wrong = ~(np.abs(output - reference.value) <= reference.bound)
        assert not wrong.any(), f"{int(wrong.sum())} of {wrong.size} elements are wrong"


def scheduled(workload: Workload, template: object, config: dict[str, object]) -> Schedule:
    """The workload's schedule under one configuration of a template."""
    schedule = create_schedule(workload.tensors)
    template.apply(schedule, config)  # type: ignore[attr-defined]
    return schedule
