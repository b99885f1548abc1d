"""The operator library: definition, reference, and a schedule template for each operator.

workload = t.ops.matmul(1024, 1024, 1024)
workload.tensors, workload.reference(a, b), workload.flops, workload.template("cpu")
"""

from tvmlab.ops.attention import attention
from tvmlab.ops.batch_matmul import batch_matmul
from tvmlab.ops.batch_norm import batch_norm
from tvmlab.ops.blur import blur
from tvmlab.ops.conv1d_conv3d import conv1d, conv3d
from tvmlab.ops.conv2d import conv2d
from tvmlab.ops.conv2d_relu import conv2d_bias_relu
from tvmlab.ops.conv2d_transpose import conv2d_transpose
from tvmlab.ops.dense import dense, pack_weights
from tvmlab.ops.depthwise import depthwise_bn_relu, depthwise_conv2d
from tvmlab.ops.elementwise import multiply_add_relu
from tvmlab.ops.hole_template import HoleTemplate
from tvmlab.ops.layer_norm import layer_norm
from tvmlab.ops.lstm_cell import lstm_cell
from tvmlab.ops.matmul import matmul
from tvmlab.ops.narrow_matmul import narrow_matmul
from tvmlab.ops.networks import NAMED, named
from tvmlab.ops.operator import Operator
from tvmlab.ops.pointwise import pointwise
from tvmlab.ops.pool import avg_pool, global_pool, max_pool
from tvmlab.ops.rearrange import concat, gather, pad, reshape, strided_slice
from tvmlab.ops.recognise import recognise, template_for, template_named
from tvmlab.ops.recurrent import gru, lstm
from tvmlab.ops.reduce import reduce
from tvmlab.ops.registry import OPERATORS, from_shape, get
from tvmlab.ops.resize import resize2d
from tvmlab.ops.schedule_template import ScheduleTemplate
from tvmlab.ops.softmax import softmax
from tvmlab.ops.transpose import transpose
from tvmlab.ops.vector_unit import AVX2, AVX512, NEON, VectorUnit
from tvmlab.ops.workload import Workload

__all__ = [
    "AVX2",
    "AVX512",
    "NEON",
    "HoleTemplate",
    "NAMED",
    "OPERATORS",
    "Operator",
    "ScheduleTemplate",
    "VectorUnit",
    "Workload",
    "attention",
    "avg_pool",
    "batch_matmul",
    "batch_norm",
    "blur",
    "concat",
    "conv1d",
    "conv2d",
    "conv2d_bias_relu",
    "depthwise_bn_relu",
    "conv2d_transpose",
    "conv3d",
    "dense",
    "depthwise_conv2d",
    "from_shape",
    "gather",
    "get",
    "global_pool",
    "gru",
    "layer_norm",
    "lstm",
    "lstm_cell",
    "matmul",
    "max_pool",
    "multiply_add_relu",
    "named",
    "narrow_matmul",
    "pack_weights",
    "pad",
    "pointwise",
    "recognise",
    "reduce",
    "reshape",
    "resize2d",
    "softmax",
    "strided_slice",
    "template_for",
    "template_named",
    "transpose",
]
