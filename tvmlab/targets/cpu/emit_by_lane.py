"""A function inside the module that has the C library compute the lanes a test picks."""

from __future__ import annotations

from tvmlab.targets.cpu.emit_text import Declarations
from tvmlab.targets.cpu.emit_types import suffix, value_type


def by_lane(module: Declarations, name: str, dtype: str, lanes: int) -> str:
    """The name of `f(y, x, test)`, which is LLVM's `name` of x where the test holds, and else y.

    It returns at once where the test holds in no lane.
    """
    full = f"tvmlab.{name}.{suffix(dtype, lanes)}"
    if not module.defines(full):
        scalar = value_type(dtype)
        intrinsic = f"llvm.{name}.{suffix(dtype)}"
        module.declare(scalar, intrinsic, (scalar,))
        body = _of_scalar(scalar, intrinsic) if lanes == 1 else _of_vector(module, dtype, lanes,
                                                                           intrinsic)  # fmt: skip
        vector, tests = value_type(dtype, lanes), value_type("bool", lanes)
        header = f"define internal {vector} @{full}({vector} %y, {vector} %x, {tests} %test) "
        # Small and out of the way: it seldom works, and must not grow the loops that call it.
        header += f"noinline optsize memory(none) {module.attributes} {{"
        module.define(full, [header, *body, "}"])
    return full


def _of_scalar(scalar: str, intrinsic: str) -> list[str]:
    return [
        "entry:",
        "  br i1 %test, label %mend, label %done",
        "mend:",
        f"  %right = call {scalar} @{intrinsic}({scalar} %x)",
        f"  ret {scalar} %right",
        "done:",
        f"  ret {scalar} %y",
    ]


def _of_vector(module: Declarations, dtype: str, lanes: int, intrinsic: str) -> list[str]:
    scalar, vector, tests = value_type(dtype), value_type(dtype, lanes), value_type("bool", lanes)
    reduce = f"llvm.vector.reduce.or.{suffix('bool', lanes)}"
    module.declare("i1", reduce, (tests,))
    return [
        "entry:",
        f"  %any = call i1 @{reduce}({tests} %test)",
        "  br i1 %any, label %lane, label %done",
        "lane:",
        "  %i = phi i64 [ 0, %entry ], [ %next, %join ]",
        f"  %sofar = phi {vector} [ %y, %entry ], [ %kept, %join ]",
        f"  %wanted = extractelement {tests} %test, i64 %i",
        "  br i1 %wanted, label %mend, label %join",
        "mend:",
        f"  %of = extractelement {vector} %x, i64 %i",
        f"  %right = call {scalar} @{intrinsic}({scalar} %of)",
        f"  %set = insertelement {vector} %sofar, {scalar} %right, i64 %i",
        "  br label %join",
        "join:",
        f"  %kept = phi {vector} [ %sofar, %lane ], [ %set, %mend ]",
        "  %next = add i64 %i, 1",
        f"  %more = icmp ult i64 %next, {lanes}",
        "  br i1 %more, label %lane, label %done",
        "done:",
        f"  %result = phi {vector} [ %y, %entry ], [ %kept, %join ]",
        f"  ret {vector} %result",
    ]
