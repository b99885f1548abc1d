"""Whole models: a graph of operators, fused, planned in memory and run kernel by kernel.

from tvmlab import graph

x = graph.input((1, 64, 56, 56))
y = graph.relu(graph.conv2d(x, weight, bias))
run = graph.compile_graph(y)
run(image)
"""

from tvmlab.graph.build import (
    add,
    constant,
    conv2d,
    dense,
    depthwise_conv2d,
    divide,
    input,
    matmul,
    max_pool2d,
    mean,
    multiply,
    relu,
    reshape,
    sigmoid,
    softmax,
    subtract,
    sum,
    tanh,
    transpose,
)
from tvmlab.graph.executor import Executable, compile_graph
from tvmlab.graph.fusion import Group, fuse, unfused
from tvmlab.graph.lowering import reference
from tvmlab.graph.memory import MemoryPlan
from tvmlab.graph.node import Graph, Node
from tvmlab.graph.onnx_import import import_onnx
from tvmlab.graph.tasks import tasks_of
from tvmlab.graph.tuned import best_steps

__all__ = [
    # what a graph is, and what becomes of it
    "Executable",
    "Graph",
    "Group",
    "MemoryPlan",
    "Node",
    "best_steps",
    "compile_graph",
    "fuse",
    "import_onnx",
    "reference",
    "tasks_of",
    "unfused",
    # saying one
    "add",
    "constant",
    "conv2d",
    "dense",
    "depthwise_conv2d",
    "divide",
    "input",
    "matmul",
    "max_pool2d",
    "mean",
    "multiply",
    "relu",
    "reshape",
    "sigmoid",
    "softmax",
    "subtract",
    "sum",
    "tanh",
    "transpose",
]
