"""A model file as a graph: ONNX, for the operators of `tvmlab.graph.onnx_operators`.

The package `onnx` is an optional extra, `tvmlab[onnx]`, and is loaded when a model is imported.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tvmlab.errors import TvmlabError, UsageError
from tvmlab.graph import build
from tvmlab.graph.node import Graph, Node
from tvmlab.graph.onnx_operators import ONNX_OPERATORS


def import_onnx(model: str | Path | Any, dimensions: Mapping[str, int] | None = None) -> Graph:
    """The graph of an ONNX model.

    Args:
        model: a file, or an `onnx.ModelProto` already read.
        dimensions: extents of dimensions that the model leaves open, by the names it gives them,
            for example `{"batch": 1}`.

    Raises:
        UsageError: the package `onnx` is missing, the file cannot be read, or the model uses an
            operator, attribute or open dimension that cannot be imported; the message names it.
    """
    proto = _read(model)
    values: dict[str, Node | None] = {"": None}
    onnx = _onnx()
    for tensor in proto.graph.initializer:
        values[tensor.name] = build.constant(onnx.numpy_helper.to_array(tensor))
    for value in proto.graph.input:
        if value.name not in values:  # early versions list the constants among the inputs
            values[value.name] = _input(value, dimensions or {})
    for node in proto.graph.node:
        _import_node(node, values)
    return Graph([_output(values[value.name], value.name) for value in proto.graph.output])


def _onnx() -> Any:
    try:
        import onnx
        import onnx.checker
        import onnx.numpy_helper
    except ModuleNotFoundError:
        raise UsageError(
            "reading ONNX models needs the package onnx, which is not installed; install "
            "tvmlab[onnx]."
        ) from None
    return onnx


def _read(model: str | Path | Any) -> Any:
    """The model, whose form ONNX's own checker has found right."""
    onnx = _onnx()
    name = f"the ONNX model {model}" if isinstance(model, (str, Path)) else "the ONNX model"
    try:
        proto = onnx.load(model) if isinstance(model, (str, Path)) else model
        onnx.checker.check_model(proto)
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror or error}.") from None
    except Exception as error:  # the checker's and protobuf's own have no common base
        reason = str(error).strip().partition("\n")[0].rstrip(".")
        raise UsageError(f"{name} is damaged, or no ONNX model: {reason}.") from None
    return proto


def _input(value: Any, dimensions: Mapping[str, int]) -> Node:
    onnx = _onnx()
    if not value.type.HasField("tensor_type"):
        raise UsageError(f"the model's input {value.name!r} is no array; only arrays are imported.")
    tensor = value.type.tensor_type
    shape = []
    for n, dimension in enumerate(tensor.shape.dim):
        extent = dimension.dim_value or dimensions.get(dimension.dim_param)
        if extent is None:
            name = dimension.dim_param
            raise UsageError(
                f"dimension {n} of the model's input {value.name!r} is open"
                + (f"; say how large it is with dimensions={{{name!r}: 1}}." if name else
                   " and has no name; export the model with a fixed shape.")
            )  # fmt: skip
        shape.append(extent)
    dtype = str(onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type))
    name = re.sub(r"^(?=\d)|\W", "_", value.name)
    return build.input(shape, dtype, name)


def _import_node(node: Any, values: dict[str, Node | None]) -> None:
    """Add what a node computes to `values`."""
    onnx = _onnx()
    label = f"the node {node.name or node.output[0]!r} ({node.op_type})"
    given = {a.name: _plain(onnx.helper.get_attribute_value(a)) for a in node.attribute}
    if node.op_type == "Constant" and set(given) == {"value"}:
        values[node.output[0]] = build.constant(onnx.numpy_helper.to_array(given["value"]))
        return
    operator = ONNX_OPERATORS.get(node.op_type) if node.domain in ("", "ai.onnx") else None
    if operator is None:
        domain = f" of {node.domain}" if node.domain else ""
        raise UsageError(
            f"{label} is an operator{domain} that cannot be imported; those that can are "
            f"{', '.join(sorted(ONNX_OPERATORS))}."
        )
    unknown = sorted(set(given) - operator.attributes)
    used = [name for name in node.output[1:] if name]
    if unknown or used:
        what = f"the attribute {unknown[0]}" if unknown else f"the further output {used[0]!r}"
        raise UsageError(f"{label} has {what}, which cannot be imported; export without it.")
    try:
        values[node.output[0]] = operator.make([values[name] for name in node.input], given)
    except TvmlabError as error:
        raise UsageError(f"{label} cannot be imported: {error}") from None


def _plain(value: Any) -> Any:
    """An attribute's value with text as text and lists as lists."""
    if isinstance(value, bytes):
        return value.decode()
    return list(value) if hasattr(value, "__iter__") and not isinstance(value, str) else value


def _output(node: Node | None, name: str) -> Node:
    assert node is not None, f"the checker finds who computes {name}"
    return node
