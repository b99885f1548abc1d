"""What a fused workload is without fusion: our own kernels, one for each operator, in a row.

Each is under its template's default knobs and writes its whole result to memory, as a framework
does that runs operators one by one. What fusion is worth is the ratio of the two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from peers.call import Array, Contender
from prepared import kernel_of

from tvmlab import ops, te
from tvmlab.api import create_schedule
from tvmlab.ir.arrays import empty
from tvmlab.ops import VectorUnit, Workload, template_for
from tvmlab.targets.cpu.limits import cpu_features
from tvmlab.targets.target import BoundCall
from tvmlab.te import Tensor


class Chain:
    """Kernels that run one after the other; `out` is what the last one wrote."""

    def __init__(self) -> None:
        self._calls: list[BoundCall] = []
        self.out = np.empty(0)

    def add(self, value: Workload | Tensor, *arrays: Array) -> Array:
        """One more kernel; the array that it writes."""
        tensors = value.tensors if isinstance(value, Workload) else (value,)
        features = cpu_features()
        vectors = VectorUnit(features.vector_registers, features.vector_bits)
        template = template_for(tensors, "cpu", vectors)
        schedule = create_schedule(tensors)
        template.apply(schedule, template.default(tensors))
        self.out = empty(tensors[0].extents, tensors[0].dtype)
        self._calls.append(kernel_of(schedule.mod).prepare(*arrays, self.out))
        return self.out

    def each(self, body: Callable[..., Any], *arrays: Array) -> Array:
        """One more kernel, `body` of the elements; an array of one column is one for every row."""
        flat = [a if a.ndim == 2 else a.reshape(1, -1) for a in arrays]
        shape = np.broadcast_shapes(*(a.shape for a in flat))
        given = [te.placeholder(a.shape, a.dtype.name, name=f"A{n}") for n, a in enumerate(flat)]

        def element(y: Any, x: Any) -> Any:
            return body(*(p[y, x if p.extents[1] > 1 else 0] for p in given))

        return self.add(te.compute(shape, element, name="E"), *flat)

    def __call__(self) -> None:
        for call in self._calls:
            call()


def conv2d_bias_relu(workload: Workload, arrays: Sequence[Array], chain: Chain) -> None:
    """Convolution, bias, ReLU."""
    image, weights, bias = arrays
    sums = chain.add(ops.conv2d(**workload.args), image, weights)
    planes = sums.reshape(len(bias), -1)
    biased = chain.each(lambda x, b: x + b, planes, bias[:, None])
    chain.each(lambda x: te.max(x, 0.0), biased)


def depthwise_bn_relu(workload: Workload, arrays: Sequence[Array], chain: Chain) -> None:
    """Convolution, normalisation (as scale and shift), ReLU."""
    image, weights, scale, shift = arrays
    sums = chain.add(ops.depthwise_conv2d(**workload.args), image, weights)
    planes = sums.reshape(len(scale), -1)
    scaled = chain.each(lambda x, a, b: x * a + b, planes, scale[:, None], shift[:, None])
    chain.each(lambda x: te.max(x, 0.0), scaled)


def attention(workload: Workload, arrays: Sequence[Array], chain: Chain) -> None:
    """The keys transposed, scores, scaling, softmax, product with the values.

    Keys come as queries do, features side by side; so somebody has to turn them for a product that
    takes its right operand by rows.
    """
    q, k, v = (a.reshape(-1, *a.shape[2:]) for a in arrays)
    batch, rows, features = q.shape
    columns = k.shape[1]
    given = te.placeholder(k.shape, k.dtype.name, name="K")
    turned = chain.add(
        te.compute((batch, features, columns), lambda b, z, x: given[b, x, z], name="T"), k
    )
    scores = chain.add(ops.batch_matmul(batch, rows, columns, features), q, turned)
    scale = features**-0.5
    scaled = chain.each(lambda x: x * scale, scores.reshape(batch * rows, columns))
    shares = chain.add(ops.softmax(batch * rows, columns), scaled)
    chain.add(
        ops.batch_matmul(batch, rows, features, columns), shares.reshape(batch, rows, columns), v
    )


def lstm_cell(workload: Workload, arrays: Sequence[Array], chain: Chain) -> None:
    """A product, and the cell bit by bit; input and state side by side beforehand."""
    given = {tensor.name: array for tensor, array in zip(workload.inputs, arrays, strict=True)}
    both = np.concatenate([given["X"], given["H"]], axis=1)
    weights = given["W"].reshape(both.shape[1], -1)
    batch, hidden = given["C"].shape
    assert batch == 1, "the gates of several sequences are not side by side"
    found = chain.add(ops.matmul(1, weights.shape[1], len(weights)), both, weights)
    parts = chain.each(lambda x, y: x + y, found.reshape(-1, hidden), given["B"])
    i, f, o = (chain.each(te.sigmoid, parts[n : n + 1]) for n in (0, 1, 3))
    u = chain.each(te.tanh, parts[2:3])
    kept = chain.each(lambda x, y: x * y, f, given["C"])
    new = chain.each(lambda x, y: x * y, i, u)
    state = chain.each(lambda x, y: x + y, kept, new)
    out = chain.each(lambda x, y: x * y, o, chain.each(te.tanh, state))
    above, below = (te.placeholder(out.shape, out.dtype.name, name=name) for name in "HC")
    stack = te.compute(
        (2, *out.shape),
        lambda s, b, j: te.if_then_else(s < 1, above[b, j], below[b, j]),
        name="S",
    )
    chain.add(stack, out, state)


CHAINS: Mapping[str, Callable[[Workload, Sequence[Array], Chain], None]] = {
    "conv2d_bias_relu": conv2d_bias_relu,
    "depthwise_bn_relu": depthwise_bn_relu,
    "attention": attention,
    "lstm_cell": lstm_cell,
}
"""By the fused operator; convolutions of a batch of one image."""

READY = {"lstm_cell": "input and state"}
"""What is laid out before the timing, by operator."""


def unfused(workload: Workload, arrays: Sequence[Array]) -> Contender | None:
    """The workload as kernels in a row; None where it is not fused."""
    build = CHAINS.get(workload.name)
    if build is None:
        return None
    chain = Chain()
    build(workload, arrays, chain)
    shape = workload.tensors[0].extents
    return Contender(chain, READY.get(workload.name, ""), lambda _: chain.out.reshape(shape))
