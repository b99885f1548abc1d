"""OpenCL C: the words of kernels for OpenCL devices (Khronos, "The OpenCL C Specification", 3.0).

Kernels are those of version 1.2 with the extensions they name, which every vendor compiles.
"""

from __future__ import annotations

from collections.abc import Sequence

from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.kernel import Kernel
from tvmlab.targets.cfamily.bfloat16 import functions
from tvmlab.targets.cfamily.dialect import Dialect

_TEMPLATES = {
    "abs": "fabs({})", "round": "round({})", "nearbyint": "rint({})", "min": "fmin({}, {})",
    "max": "fmax({}, {})", "sigmoid": "1 / (1 + exp(-({})))", "ldexp": "ldexp({}, (int)({}))",
    "tf32": "(isnan({0}) ? ({0}) : as_float((as_uint({0}) + 0x1000u) & 0xffffe000u))",
}  # fmt: skip
_INTEGER_TEMPLATES = {
    "truncdiv": "({}) / ({})", "truncmod": "({}) % ({})", "clz": "clz(({kind})({}))",
    "popcount": "popcount(({kind})({}))", "abs": "abs(({kind})({}))",
    "min": "min(({kind})({}), ({kind})({}))", "max": "max(({kind})({}), ({kind})({}))",
}  # fmt: skip

_TYPES = {
    "bool": "int", "int8": "char", "int16": "short", "int32": "int", "int64": "long",
    "uint8": "uchar", "uint16": "ushort", "uint32": "uint", "uint64": "ulong",
    "float16": "half", "bfloat16": "float", "float32": "float", "float64": "double",
}  # fmt: skip
_AXES = {
    f"{kind}.{axis}": f"{function}({n})"
    for kind, function in (("blockIdx", "get_group_id"), ("threadIdx", "get_local_id"))
    for n, axis in enumerate("xyz")
}
_FUNCTIONS = """
    kernel global local constant private event image2d_t sampler_t half barrier exp log sqrt sin cos
    tan pow fmin fmax floor ceil round trunc rint abs fabs clz popcount select dot cross length
    distance normalize clamp mix step sign fma mad atan erf tanh asked
"""

ON_PROCESSOR = "THREADS_IN_TURN"
"""What is defined where a kernel is built for a processor, which runs threads in turn."""

_HIDDEN = (
    "asked",
    f"""\
#ifdef {ON_PROCESSOR}
// Drivers lose track of threads where their compiler makes two loops of one with a condition.
inline int asked(int condition) {{ volatile int now = condition; return now; }}
#else
#define asked(condition) (condition)
#endif
""",
)


class OpenClDialect(Dialect):
    """OpenCL C."""

    name = "opencl"
    types = _TYPES
    widths = (16, 8, 4, 2)
    vector_bytes = 16
    needs_alignment = False  # vloadn and vstoren ask for an element's alignment only
    axes = _AXES
    reserved = frozenset(_FUNCTIONS.split())
    function = "inline"
    hidden = _HIDDEN
    # Each copy of such a condition is a memory and a branch: PoCL takes minutes for some hundred.
    unroll_hidden = (f"#ifndef {ON_PROCESSOR}", Dialect.unroll, "#endif")

    def kernel_head(self, kernel: Kernel, name: str, parameters: Sequence[str]) -> str:
        """With the size of a work-group, so that the compiler may count on it."""
        x, y, z = kernel.block
        said = ",\n    ".join(parameters)
        return (
            f"__kernel __attribute__((reqd_work_group_size({x}, {y}, {z})))\n"
            f"void {name}(\n    {said}\n) {{"
        )

    def pointer(self, dtype: str, is_written: bool, name: str) -> str:
        """In global memory, which no other pointer is to."""
        const = "" if is_written else "const "
        return f"__global {const}{self.memory_type(dtype)} *restrict {name}"

    def preamble(self, dtypes: frozenset[str], kernels: Sequence[Kernel]) -> list[str]:
        """Extensions for types that are optional, and functions on bfloat16."""
        lines = []
        if "float16" in dtypes:
            lines += ["#pragma OPENCL EXTENSION cl_khr_fp16 : enable", ""]
        if "float64" in dtypes:
            lines += ["#pragma OPENCL EXTENSION cl_khr_fp64 : enable", ""]
        if "bfloat16" in dtypes:
            lines += functions("inline", "as_uint", "as_float")
        return lines

    def array(self, buffer: Buffer, kind: str, name: str, size: int) -> list[str]:
        """In local memory what OpenCL calls so, and is shared here; else in private memory."""
        space = "__local " if buffer.scope == "shared" else ""
        return [f"{space}{kind} {name}[{size}];"]

    def barrier(self, buffers: Sequence[Buffer], pending: int = 0) -> str:
        """With a fence for each memory that something lies in."""
        scopes = {b.scope == "shared" for b in buffers}
        fences = [f for f, is_local in _FENCES if is_local in scopes]
        return f"barrier({' | '.join(fences)});"

    def load_vector(self, kind: str, width: int, pointer: str) -> str:
        """From a pointer to an element."""
        return f"vload{width}(0, {pointer})"

    def store_vector(self, kind: str, width: int, pointer: str, values: Sequence[str]) -> str:
        """To a pointer to an element."""
        return f"vstore{width}(({kind}{width})({', '.join(values)}), 0, {pointer});"

    def component(self, vector: str, number: int) -> str:
        """By its number in hexadecimal."""
        return f"{vector}.s{number:x}"

    def call(self, function: str, dtype: str, arguments: Sequence[str]) -> str:
        """OpenCL's functions are overloaded: one name serves all types."""
        if dtypes.is_integer(dtype):
            template = _INTEGER_TEMPLATES[function]
            return template.format(*arguments, kind=self.type_of(dtype))
        template = _TEMPLATES.get(function, f"{function}({', '.join(['{}'] * len(arguments))})")
        return template.format(*arguments)


_FENCES = (("CLK_LOCAL_MEM_FENCE", True), ("CLK_GLOBAL_MEM_FENCE", False))
