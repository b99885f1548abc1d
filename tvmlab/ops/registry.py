"""The list of operators, and workloads by an operator's name and plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tvmlab.errors import UsageError, did_you_mean
from tvmlab.ops.attention import OPERATOR as ATTENTION
from tvmlab.ops.batch_matmul import OPERATOR as BATCH_MATMUL
from tvmlab.ops.batch_norm import OPERATOR as BATCH_NORM
from tvmlab.ops.blur import OPERATOR as BLUR
from tvmlab.ops.conv1d_conv3d import OPERATORS as CONVOLUTIONS
from tvmlab.ops.conv2d import OPERATOR as CONV2D
from tvmlab.ops.conv2d_relu import OPERATOR as CONV2D_BIAS_RELU
from tvmlab.ops.conv2d_transpose import OPERATOR as CONV2D_TRANSPOSE
from tvmlab.ops.dense import OPERATOR as DENSE
from tvmlab.ops.depthwise import DEPTHWISE_BN_RELU, DEPTHWISE_CONV2D
from tvmlab.ops.elementwise import OPERATOR as MULTIPLY_ADD_RELU
from tvmlab.ops.layer_norm import OPERATOR as LAYER_NORM
from tvmlab.ops.lstm_cell import OPERATOR as LSTM_CELL
from tvmlab.ops.matmul import OPERATOR as MATMUL
from tvmlab.ops.narrow_matmul import OPERATOR as NARROW_MATMUL
from tvmlab.ops.operator import Operator
from tvmlab.ops.pointwise import OPERATOR as POINTWISE
from tvmlab.ops.pool import OPERATORS as POOLS
from tvmlab.ops.rearrange import OPERATORS as REARRANGEMENTS
from tvmlab.ops.recurrent import GRU, LSTM
from tvmlab.ops.reduce import OPERATOR as REDUCE
from tvmlab.ops.resize import OPERATOR as RESIZE2D
from tvmlab.ops.softmax import OPERATOR as SOFTMAX
from tvmlab.ops.transpose import OPERATOR as TRANSPOSE
from tvmlab.ops.workload import Workload

OPERATORS: Mapping[str, Operator] = {
    operator.name: operator
    for operator in (
        MATMUL,
        BATCH_MATMUL,
        NARROW_MATMUL,
        DENSE,
        CONV2D,
        CONV2D_BIAS_RELU,
        DEPTHWISE_CONV2D,
        DEPTHWISE_BN_RELU,
        CONV2D_TRANSPOSE,
        *CONVOLUTIONS,
        *POOLS,
        SOFTMAX,
        LAYER_NORM,
        BATCH_NORM,
        POINTWISE,
        REDUCE,
        *REARRANGEMENTS,
        TRANSPOSE,
        BLUR,
        RESIZE2D,
        MULTIPLY_ADD_RELU,
        LSTM,
        GRU,
        LSTM_CELL,
        ATTENTION,
    )
}
"""Every operator by name."""


def get(name: str) -> Operator:
    """The operator of that name.

    Raises:
        UsageError: there is none.
    """
    operator = OPERATORS.get(name)
    if operator is None:
        raise UsageError(unknown("operator", name, list(OPERATORS)))
    return operator


def from_shape(name: str, shape: Sequence[int]) -> Workload:
    """The workload of the operator `name` for a list of numbers; `Operator.usage` says which.

    matmul: m,n,k (`A @ B`, both stored by rows); narrow_matmul, dense: m,n,k; batch_matmul:
    batch,m,n,k; conv2d, conv2d_bias_relu: batch,in_channels,height,width,
    out_channels,kernel[,stride] (padding SAME); depthwise_conv2d, depthwise_bn_relu:
    batch,channels,height,width,kernel[,stride] (padding SAME); attention:
    batch,heads,queries,features[,keys]; softmax, layer_norm: rows,columns; blur: height,width;
    reduce, transpose: extents; multiply_add_relu: n.

    Raises:
        UsageError: no such operator, or numbers that it cannot use.
    """
    return get(name).from_shape(shape)


def unknown(what: str, name: str, known: Sequence[str]) -> str:
    """The sentence that answers an unknown name."""
    return f"there is no {what} {name!r}; {did_you_mean(str(name), known)}."
