"""A kernel as a shared library with a C header, for programs that know nothing of Python.

The library holds `NAME_run(inputs..., outputs..., sizes...)`, which allocates what scratch memory
the kernel needs and gives 0, or 1 where there is not enough. Parallel loops run in the calling
thread unless `NAME_set_launch` is given a function that shares iterations out. For
`tvmlab.targets.cpu.library`, `tvmlab_signature()` says as JSON what the kernel takes.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tvmlab.errors import TargetError
from tvmlab.ir.buffer import Extent
from tvmlab.ir.expr import Binary, Const, Expr
from tvmlab.ir.size import Size
from tvmlab.targets.cpu.build import compile_object
from tvmlab.targets.cpu.library import VERSION
from tvmlab.targets.target import Param, Signature

C_TYPES = {
    "bool": "uint8_t",
    "float16": "uint16_t",  # the bits: C has no portable half
    "bfloat16": "uint16_t",  # nor this one
    "float32": "float",
    "float64": "double",
    **{f"{sign}int{bits}": f"{sign}int{bits}_t" for sign in ("", "u") for bits in (8, 16, 32, 64)},
}

_LAUNCH = """\
/* Runs body(closure, begin, end) over parts that cover 0 .. count; returns when all are done.
 * is_static: 1 where the schedule asks for one even share a thread; a wish, not a condition. */
typedef void (*tvmlab_body)(void *closure, int64_t begin, int64_t end);
typedef void (*tvmlab_launch)(tvmlab_body body, void *closure, int64_t count, int64_t is_static);
"""


_ARITHMETIC = """\
static int64_t floor_div(int64_t a, int64_t b) {
  return a / b - ((a % b != 0) & ((a < 0) != (b < 0)));
}
static int64_t floor_mod(int64_t a, int64_t b) { return a - floor_div(a, b) * b; }
static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t greatest(int64_t a, int64_t b) { return a > b ? a : b; }
"""
_CALLS = {"//": "floor_div", "%": "floor_mod", "min": "least", "max": "greatest"}


def export_library(text: str, signature: Signature, preset: str, path: Path) -> Path:
    """Write LLVM IR `text` as the shared library `path` and its header beside it.

    Returns:
        The header's path.

    Raises:
        TargetError: there is no C compiler, it refused, or the folder cannot be written.
    """
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise TargetError(
            f"Exporting {signature.name} needs a C compiler to link with, and none is on the "
            "path; install gcc or clang."
        )
    header = path.with_suffix(".h")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "kernel.o").write_bytes(compile_object(text, preset))
        (folder / "glue.c").write_text(_glue(signature))
        built = folder / "library"
        command = [compiler, "-O2", "-fPIC", "-shared", "-o", str(built)]
        command += [str(folder / "glue.c"), str(folder / "kernel.o"), "-lm"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            told = [line for line in done.stderr.splitlines() if "error" in line]
            reason = told[0].strip() if told else "no reason given"
            raise TargetError(f"Exporting {signature.name} stopped in {compiler}: {reason}.")
        try:
            shutil.copyfile(built, path)
            header.write_text(_header(signature))
        except OSError as error:
            raise TargetError(
                f"Exporting {signature.name} cannot write {path} ({error.strerror}); "
                "choose a folder that exists and may be written."
            ) from None
    return header


def _header(signature: Signature) -> str:
    """What a C program includes."""
    guard = f"TVMLAB_{signature.name.upper()}_H"
    sizes = [f"int64_t {s.name}" for s in signature.sizes]
    parameters = ", ".join([_parameter(p, p.name) for p in signature.params] + sizes)
    bounds = "".join(f" * {s.name} is {_bounds(s)}.\n" for s in signature.sizes)
    arrays = "\n".join(f" * {p}{' (written)' if p.is_output else ''}" for p in signature.params)
    return (
        f"#ifndef {guard}\n#define {guard}\n#include <stdint.h>\n"
        f'#ifdef __cplusplus\nextern "C" {{\n#endif\n{_LAUNCH}'
        f"/* Arrays are row-major and must not overlap:\n{arrays}\n{bounds}{_promises(signature)}"
        f" * Returns 0, or 1 where memory for scratch was not to be had. */\n"
        f"int {signature.name}_run({parameters});\n"
        f"/* How parallel loops are run from now on; 0: in the calling thread. */\n"
        f"void {signature.name}_set_launch(tvmlab_launch launch);\n"
        "#ifdef __cplusplus\n}\n#endif\n#endif\n"
    )


def _promises(signature: Signature) -> str:
    """What is not done for constants."""
    names = " and ".join(p.name for p in signature.params if p.is_constant)
    if not names:
        return ""
    return f" * Each call makes anew what it needs of {names}; prepared functions are of Python.\n"


def _glue(signature: Signature) -> str:
    """The C code between the header and the kernel."""
    name = signature.name
    scratch = [f"scratch{n}" for n in range(len(signature.workspaces))]
    # Parameters are numbered here: one may have the name of the kernel.
    named = {s: f"size{n}" for n, s in enumerate(signature.sizes)}
    allocate = "".join(
        f"  void *{s} = aligned_alloc(64, {_rounded(size, named)});\n"
        for s, size in zip(scratch, signature.workspaces, strict=True)
    )
    missing = " || ".join(f"!{s}" for s in scratch) or "0"
    release = "".join(f"  free({s});\n" for s in scratch)
    pointers = ", ".join(["tvmlab_launch", *["const void *"] * (len(signature.params))])
    pointers += ", void *" * len(scratch) + ", int64_t" * len(named)
    arrays = [f"array{n}" for n in range(len(signature.params))]
    arguments = ", ".join(["launch", *arrays, *scratch, *named.values()])
    parameters = ", ".join(map(_parameter, signature.params, arrays))
    parameters += "".join(f", int64_t {name}" for name in named.values())
    return (
        f"#include <stdint.h>\n#include <stdlib.h>\n{_LAUNCH}{_ARITHMETIC if named else ''}"
        f"extern void {name}({pointers});\n"
        "static void serial(tvmlab_body body, void *closure, int64_t count, int64_t is_static) {\n"
        "  (void)is_static;\n  body(closure, 0, count);\n}\n"
        "static tvmlab_launch launch = serial;\n"
        f"void {name}_set_launch(tvmlab_launch given) {{ launch = given ? given : serial; }}\n"
        f"int {name}_run({parameters}) {{\n{allocate}"
        f"  int failed = {missing};\n  if (!failed) {name}({arguments});\n{release}"
        "  return failed;\n}\n"
        f"const char *tvmlab_signature(void) {{ return {json.dumps(_facts(signature))}; }}\n"
    )


def _facts(signature: Signature) -> str:
    """What `tvmlab.targets.cpu.library` reads, as JSON: an extent is a number or a size's name, and
    null where it is worked out of sizes."""
    params = [
        {
            "name": p.name,
            "shape": [
                e.name if isinstance(e, Size) else e if isinstance(e, int) else None
                for e in p.shape
            ],
            "dtype": p.dtype,
            "output": p.is_output,
        }
        for p in signature.params
    ]
    sizes = [size.name for size in signature.sizes]
    return json.dumps(
        {"tvmlab_kernel": VERSION, "name": signature.name, "params": params, "sizes": sizes}
    )


def _rounded(size_bytes: Extent, names: Mapping[Size, str]) -> str:
    """A multiple of 64 that is no less than a number of bytes, in C."""
    if isinstance(size_bytes, int):
        return str(-(-size_bytes // 64) * 64)
    return f"({_in_c(size_bytes, names)} + 63) / 64 * 64"


def _in_c(e: Expr, names: Mapping[Size, str]) -> str:
    """An expression over sizes in C."""
    if isinstance(e, Size):
        return names[e]
    if isinstance(e, Const):
        return f"INT64_C({int(e.value)})"
    assert isinstance(e, Binary), f"{e!r} is over more than sizes"
    a, b = _in_c(e.a, names), _in_c(e.b, names)
    call = _CALLS.get(e.op)
    return f"({a} {e.op} {b})" if call is None else f"{call}({a}, {b})"


def _bounds(size: Size) -> str:
    most = "" if size.high is None else f" and at most {size.high}"
    return f"at least {size.low}{most}"


def _parameter(param: Param, name: str) -> str:
    const = "" if param.is_output else "const "
    return f"{const}{C_TYPES[param.dtype]} *{name}"
