"""CUDA C: the words of kernels for NVIDIA GPUs (NVIDIA, "CUDA C++ Programming Guide")."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod

from tvmlab.intrin import copies, mma, wmma
from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Const, Expr, Ramp
from tvmlab.ir.instruction import is_asynchronous
from tvmlab.ir.kernel import Kernel
from tvmlab.ir.program import Commit, If, Invoke, Region
from tvmlab.ir.shuffle import SHUFFLES
from tvmlab.ir.walk import exprs, exprs_of, stmts
from tvmlab.targets.cfamily.bfloat16 import functions
from tvmlab.targets.cfamily.dialect import Address, Dialect
from tvmlab.targets.cuda.architecture import capability
from tvmlab.targets.cuda.matrices import function
from tvmlab.targets.cuda.shared import ALIGNMENT, places, statement
from tvmlab.targets.cuda.tile_calls import COPY_OR_ZEROS, call_of, copied_or_zeros
from tvmlab.targets.cuda.tiles import declaration, first_register

_TYPES = {
    "bool": "bool", "int8": "signed char", "int16": "short", "int32": "int", "int64": "long long",
    "uint8": "unsigned char", "uint16": "unsigned short", "uint32": "unsigned",
    "uint64": "unsigned long long", "float16": "half", "bfloat16": "float", "float32": "float",
    "float64": "double",
}  # fmt: skip
_FLOAT_NAMES = {"abs": "fabs", "nearbyint": "rint", "min": "fmin", "max": "fmax"}
_AXES = {
    f"{kind}.{axis}": f"(int){kind}.{axis}" for kind in ("blockIdx", "threadIdx") for axis in "xyz"
}
_RESERVED = """
    threadIdx blockIdx blockDim gridDim warpSize half half2 float2 float4 int2 int4 uint4 Vector
    shared_memory exp log sqrt sin cos tan pow fmin fmax floor ceil round trunc rint abs fabs erf
    tanh printf assert bool true false namespace using typename try catch throw public private
    protected virtual friend explicit mutable nullptr alignas alignof decltype constexpr asm and or
    not xor wchar_t typeid export signed
"""

_VECTOR = "template <typename T, int n>\nstruct alignas(sizeof(T) * n) Vector {\n    T x[n];\n};\n"

SINCE = {
    "copy": (8, 0), "mma_f32": (7, 5), "mma_s32": (7, 5),
    **{f.name_of("", kind): since for f in (mma.MMA, wmma.WMMA) for kind, since in f.since.items()},
}  # fmt: skip
"""The compute capability from which on instructions exist, by how their names begin, and end (PTX
ISA, "Target ISA notes" of each)."""


def _has_lanes(kernel: Kernel) -> bool:
    """Whether something in a kernel is done for several lanes at once."""
    return any(
        isinstance(e, Ramp) for s in stmts(kernel.body) for x in exprs_of(s) for e in exprs(x)
    )


class CudaDialect(Dialect):
    """CUDA C for one architecture.

    Attributes:
        instructions: those of TensorCores that the architecture has, and shuffles.
    """

    name = "cuda"
    types = _TYPES
    memory_types = {"bool": "unsigned char", "bfloat16": "unsigned short"}  # noqa: RUF012
    long_suffix = "ll"
    infinity = "__int_as_float(0x7f800000)"  # NVRTC comes without the header of the names
    not_a_number = "__int_as_float(0x7fffffff)"
    function = "static __device__ __forceinline__"
    widths = (16, 8, 4, 2)
    axes = _AXES
    reserved = frozenset(_RESERVED.split())

    def __init__(self, architecture: str) -> None:
        self.instructions = instructions_of(capability(architecture)) | SHUFFLES
        self._places: Mapping[Buffer, int] = {}
        self._has_copies = False

    def kernel_head(self, kernel: Kernel, name: str, parameters: Sequence[str]) -> str:
        """With the threads of a block, so that the compiler may count on them."""
        said = ",\n    ".join(parameters)
        bounds = f"__launch_bounds__({prod(kernel.block)})"
        head = f'extern "C" __global__ void {bounds} {name}(\n    {said}\n) {{'
        self._places = places(kernel)
        self._has_copies = _has_copies(kernel)
        return f"{head}\n{statement(kernel, name)}" if self._places else head

    def pointer(self, dtype: str, is_written: bool, name: str) -> str:
        """To memory that no other pointer is to."""
        const = "" if is_written else "const "
        return f"{const}{self.memory_type(dtype)}* __restrict__ {name}"

    def preamble(self, dtypes: frozenset[str], kernels: Sequence[Kernel]) -> list[str]:
        """Headers for types, vectors, functions on bfloat16 and those of TensorCores."""
        lines = ["#include <cuda_fp16.h>", ""] if "float16" in dtypes else []
        lines += [_VECTOR] if any(map(_has_lanes, kernels)) else []
        if "bfloat16" in dtypes:
            lines += functions(self.function, "__float_as_uint", "__uint_as_float")
        names = {
            call.function
            for kernel in kernels
            for s in stmts(kernel.body)
            if isinstance(s, Invoke) and s.name in self.instructions
            for call in [call_of(s)]
        }
        if any(map(_has_copies, kernels)):
            names.add("wait_for_copies")
        branches = (s for k in kernels for s in stmts(k.body) if isinstance(s, If))
        if any(map(copied_or_zeros, branches)):
            names.add(COPY_OR_ZEROS)
        if any(isinstance(s, Commit) for kernel in kernels for s in stmts(kernel.body)):
            names |= {"commit_copies", "wait_for_groups"}
        return lines + [function(name) for name in sorted(names)]

    def array(self, buffer: Buffer, kind: str, name: str, size: int) -> list[str]:
        """Of a warp its registers; in shared memory what is shared."""
        if buffer.scope == "warp":
            return [declaration(buffer, name)]
        if buffer.scope == "shared":
            if buffer in self._places:
                start = self._places[buffer]
                return [f"{kind}* const {name} = ({kind}*)(shared_memory + {start});"]
            return [f"__shared__ __align__({ALIGNMENT}) {kind} {name}[{size}];"]
        return [f"{kind} {name}[{size}];"]

    def barrier(self, buffers: Sequence[Buffer], pending: int = 0) -> str:
        """Which makes all memory of the block's threads visible, and what they have copied."""
        if not self._has_copies:
            return "__syncthreads();"
        waits = f"wait_for_groups<{pending}>()" if pending else "wait_for_copies()"
        return f"{waits}; __syncthreads();"

    def commit(self) -> list[str]:
        """As a group of PTX."""
        return ["commit_copies();"]

    def vector_type(self, kind: str, width: int) -> str:
        """An array that one access moves."""
        return f"Vector<{kind}, {width}>"

    def load_vector(self, kind: str, width: int, pointer: str) -> str:
        """From a multiple of its size."""
        return f"*(const {self.vector_type(kind, width)}*)({pointer})"

    def store_vector(self, kind: str, width: int, pointer: str, values: Sequence[str]) -> str:
        """To a multiple of its size."""
        vector = self.vector_type(kind, width)
        return f"*({vector}*)({pointer}) = {vector}{{{{{', '.join(values)}}}}};"

    def component(self, vector: str, number: int) -> str:
        """An element of the array."""
        return f"{vector}.x[{number}]"

    def call(self, function: str, dtype: str, arguments: Sequence[str]) -> str:
        """CUDA's functions, whose errors are in "Mathematical Functions" of its guide."""
        if dtypes.is_integer(dtype):
            return _integer_call(function, dtype, self.type_of(dtype), arguments)
        end = "f" if dtype == "float32" else ""
        if function == "sigmoid":
            return f"1.0{end} / (1.0{end} + exp{end}(-({arguments[0]})))"
        if function == "tf32":
            kept = f"__uint_as_float((__float_as_uint({arguments[0]}) + 0x1000u) & 0xffffe000u)"
            return f"(isnan({arguments[0]}) ? ({arguments[0]}) : {kept})"
        if function == "ldexp":
            return f"ldexp{end}({arguments[0]}, (int)({arguments[1]}))"
        return f"{_FLOAT_NAMES.get(function, function)}{end}({', '.join(arguments)})"

    def shuffle(self, function: str, dtype: str, value: str, which: str) -> str:
        """By all threads of the warp; what is smaller than 32 bits travels in 32."""
        name = f"__shfl{function.removeprefix('shuffle')}_sync"
        kind = self.type_of(dtype)
        is_small = dtypes.size_bytes(dtype) < 4 and not dtypes.is_float(dtype)
        said = f"{name}(0xffffffff, {f'(int)({value})' if is_small else value}, {which})"
        return f"(({kind}){said})" if is_small else said

    def branch(self, branch: If, address: Address, value: Callable[[Expr], str]) -> list[str]:
        """A copy that goes on by itself, or else zeros, which `cp.async` writes where it is told
        to read nothing."""
        copy = copied_or_zeros(branch)
        if copy is None:
            return []
        to, source = map(address, copy.operands)
        return [f"{COPY_OR_ZEROS}({to}, {source}, {value(branch.condition)});"]

    def invoke(self, invoke: Invoke, address: Address, value: Callable[[Expr], str]) -> list[str]:
        """A call of a device function around the instruction."""
        call = call_of(invoke)
        given = []
        for argument in call.arguments:
            if isinstance(argument, Expr):
                given.append(value(argument))
            elif argument.buffer.scope == "warp":
                start = address(_whole(argument)).removesuffix(" + 0")
                tile = f"{start} + {value(first_register(argument))}"
                is_operand = call.function.startswith("load_")
                given.append(f"(unsigned*)({tile})" if is_operand else tile)
            else:
                given.append(address(argument))
        lines = [f"{call.function}({', '.join(given)});"]
        return [*lines, "__syncwarp();"] if call.is_seen_by_others else lines


def instructions_of(of: tuple[int, int]) -> frozenset[str]:
    """The printed names of what the TensorCores of a compute capability execute."""
    families = (copies.INSTRUCTIONS, mma.INSTRUCTIONS, wmma.INSTRUCTIONS)
    every = [item for family in families for item in family.items()]
    return frozenset(
        printed
        for name, instruction in every
        if of >= _since(name)
        for printed in (instruction.update, instruction.start)
        if printed
    )


def _since(name: str) -> tuple[int, int]:
    family, *_, dtype = name.split("_")
    return SINCE.get(family) or SINCE.get(f"{family}_{dtype}", (7, 0))


def _has_copies(kernel: Kernel) -> bool:
    """Whether threads of a kernel copy what goes on by itself."""
    return any(isinstance(s, Invoke) and is_asynchronous(s) for s in stmts(kernel.body))


def _whole(tile: Region) -> Region:
    """The buffer of a tile from its first element on."""
    zero = Const(0, INDEX)
    return Region(tile.buffer, [(zero, extent) for extent in tile.buffer.extents])


def _integer_call(function: str, dtype: str, kind: str, arguments: Sequence[str]) -> str:
    """A function on integers, of which CUDA knows 32 and 64 bits."""
    is_wide, is_unsigned = dtypes.bits(dtype) == 64, dtype in dtypes.UNSIGNED
    given = [f"({kind})({a})" for a in arguments]
    if function in ("truncdiv", "truncmod"):
        return f"{given[0]} {'/' if function == 'truncdiv' else '%'} {given[1]}"
    if function in ("min", "max"):
        return f"{function}({', '.join(given)})"
    if function == "abs":
        return given[0] if is_unsigned else f"{'ll' if is_wide else ''}abs({given[0]})"
    plain = _TYPES[dtype if is_unsigned else f"u{dtype}"]
    bits = f"({plain})({arguments[0]})"
    if function == "popcount":
        return f"__popc{'ll' if is_wide else ''}({bits})"
    assert function == "clz", f"{function} is no function on integers"
    if is_wide:
        return f"__clzll((long long){bits})"
    missing = 32 - dtypes.bits(dtype)
    return f"(__clz((int){bits}) - {missing})" if missing else f"__clz((int){bits})"
