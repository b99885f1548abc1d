"""Tiny ONNX models, made by ONNX's own helper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper


def model(
    nodes: Sequence[Any],
    shape: Sequence[int | str],
    constants: Mapping[str, np.ndarray] | None = None,
    version: int = 17,
) -> ModelProto:
    """A model of these nodes from an input `x` of this shape to the output `y`."""
    float32 = TensorProto.FLOAT
    weights = [numpy_helper.from_array(a, name) for name, a in (constants or {}).items()]
    made = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info("x", float32, shape)],
        # Whatever the output's shape is, the graph finds it out.
        [helper.make_tensor_value_info("y", float32, [None])],
        weights,
    )
    domains = {node.domain: helper.make_opsetid(node.domain, version) for node in nodes}
    return helper.make_model(made, opset_imports=list(domains.values()))


def node(operator: str, inputs: str, output: str = "y", **attributes: Any) -> Any:
    """A node with inputs named in one text."""
    return helper.make_node(operator, inputs.split(" "), [output], **attributes)
