"""Kernels written by hand in LLVM IR, as the emitter would print them."""

from __future__ import annotations

from tvmlab.targets import Param, Signature

AXPY = """\
define void @axpy(ptr %launch, ptr noalias %X, ptr noalias %Y) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %x.at = getelementptr inbounds float, ptr %X, i64 %i
  %y.at = getelementptr inbounds float, ptr %Y, i64 %i
  %x = load float, ptr %x.at
  %y = load float, ptr %y.at
  %y.new = call float @llvm.fma.f32(float %x, float 2.0, float %y)
  store float %y.new, ptr %y.at
  %next = add nuw nsw i64 %i, 1
  %more = icmp ult i64 %next, 1000
  br i1 %more, label %loop, label %end
end:
  ret void
}
declare float @llvm.fma.f32(float, float, float)
"""
AXPY_SIGNATURE = Signature(
    "axpy", (Param("X", (10, 100), "float32", False), Param("Y", (10, 100), "float32", True))
)

EXP = """\
define void @exponential(ptr %launch, ptr noalias %X, ptr noalias %Y) {
  %x = load float, ptr %X
  %y = call float @expf(float %x)
  store float %y, ptr %Y
  ret void
}
declare float @expf(float)
"""
EXP_SIGNATURE = Signature(
    "exponential", (Param("X", (1,), "float32", False), Param("Y", (1,), "float32", True))
)

WORKSPACES = """\
define void @scratch(ptr %launch, ptr noalias %Y, ptr noalias %first, ptr noalias %second) {
  %a = ptrtoint ptr %first to i64
  %b = ptrtoint ptr %second to i64
  store i64 %a, ptr %first, align 64
  store i64 %b, ptr %second, align 64
  %last = getelementptr i8, ptr %second, i64 92
  store i32 7, ptr %last, align 4
  %two = getelementptr i64, ptr %Y, i64 1
  store i64 %a, ptr %Y
  store i64 %b, ptr %two
  ret void
}
"""
WORKSPACES_SIGNATURE = Signature("scratch", (Param("Y", (2,), "int64", True),), (8, 96))


def count_up(extent: int, nested: int = 0, static: int = 0) -> str:
    """Adds 1 to each of `extent` int32 elements in a parallel loop.

    With `nested`, each iteration launches a loop of its own over `nested` elements of its row.
    `static` is as launches take it.
    """
    inner = f"call void %launch(ptr @inner, ptr %row, i64 {nested}, i64 {static})" if nested else ""
    own = (
        "" if nested else "%v = load i32, ptr %row\n  %w = add i32 %v, 1\n  store i32 %w, ptr %row"
    )
    return f"""\
define internal void @inner(ptr %row, i64 %begin, i64 %end) noinline {{
entry:
  br label %loop
loop:
  %i = phi i64 [ %begin, %entry ], [ %next, %loop ]
  %at = getelementptr i32, ptr %row, i64 %i
  %v = load i32, ptr %at
  %w = add i32 %v, 1
  store i32 %w, ptr %at
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %end
  br i1 %more, label %loop, label %done
done:
  ret void
}}
define internal void @outer(ptr %closure, i64 %begin, i64 %end) noinline {{
entry:
  %data = load ptr, ptr %closure
  %launch.at = getelementptr ptr, ptr %closure, i64 1
  %launch = load ptr, ptr %launch.at
  br label %loop
loop:
  %i = phi i64 [ %begin, %entry ], [ %next, %loop ]
  %offset = mul i64 %i, {max(nested, 1)}
  %row = getelementptr i32, ptr %data, i64 %offset
  {own}
  {inner}
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %end
  br i1 %more, label %loop, label %done
done:
  ret void
}}
define void @count(ptr %launch, ptr noalias %X) {{
  %closure = alloca [2 x ptr]
  store ptr %X, ptr %closure
  %launch.at = getelementptr ptr, ptr %closure, i64 1
  store ptr %launch, ptr %launch.at
  call void %launch(ptr @outer, ptr %closure, i64 {extent}, i64 {static})
  ret void
}}
"""


def count_signature(extent: int, nested: int = 0) -> Signature:
    """How `count_up` of the same arguments is called."""
    return Signature("count", (Param("X", (extent * max(nested, 1),), "int32", True),))
