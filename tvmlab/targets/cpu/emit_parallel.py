"""Parallel loops: the body as a function over a range, which the launcher runs on all threads.

The launcher calls a thunk that unpacks a closure and calls the body. Pointers loaded from memory
carry no alias information, so the body takes each as a `noalias` parameter and is never inlined.
"""

from __future__ import annotations

from tvmlab.ir.buffer import Buffer
from tvmlab.ir.expr import Var
from tvmlab.ir.parallel_chunks import is_static, is_turning
from tvmlab.ir.program import For, If, Prefetch, Stmt, Store
from tvmlab.ir.shapes import as_index, sizes_in
from tvmlab.ir.size import Size
from tvmlab.ir.walk import exprs, exprs_of, loads, stmts
from tvmlab.targets.cpu.emit_context import Context
from tvmlab.targets.cpu.emit_index import index_value
from tvmlab.targets.cpu.emit_module import Module
from tvmlab.targets.cpu.emit_statement import counted_loop, extent_of
from tvmlab.targets.cpu.emit_streams import fence
from tvmlab.targets.cpu.emit_text import FunctionText


def fork(cx: Context, loop: For, module: Module, program: Stmt) -> None:
    """Replace the loop of `program` by a call of the launcher; its body becomes functions."""
    text = cx.text
    name = module.fresh_function(loop.var.name)
    whole: Stmt = loop
    for condition in cx.conditions:  # the lanes that are wanted, inside as well
        whole = If(condition, whole)
    used, named = _used_buffers(whole), _used_variables(whole)
    buffers = [b for b in cx.pointers if b in used]
    around = _turns_with(cx, loop)
    outer = [v for v in cx.variables if v in named or v is around]
    pointers = [cx.pointers[b] for b in buffers]
    fields = ", ".join(["ptr"] * len(buffers) + ["i64"] * len(outer)) or "i64"
    closure_type = f"{{ {fields} }}"
    closure = f"%{text.fresh('closure')}"
    text.entry.append(f"  {closure} = alloca {closure_type}, align 64")
    values = [("ptr", p) for p, _ in pointers] + [("i64", cx.variables[v]) for v in outer]
    for i, (kind, given) in enumerate(values):
        slot = text.here(f"getelementptr inbounds {closure_type}, ptr {closure}, i32 0, i32 {i}")
        text.line(f"store {kind} {given}, ptr {slot}, align 8")
    count = index_value(cx, as_index(extent_of(loop)))
    fence(cx, program)
    static = int(is_static(loop))
    text.line(f"call void %launch(ptr @{name}.part, ptr {closure}, i64 {count}, i64 {static})")
    for buffer in cx.stored[id(loop)]:
        text.forget(buffer)
    kinds = [f"ptr noalias align {a}" for _, a in pointers] + ["i64"] * len(outer)
    _thunk(module, name, closure_type, kinds)
    _body(cx, loop, module, name, list(zip(buffers, kinds, strict=False)), outer, around)


def _turns_with(cx: Context, loop: For) -> Var | None:
    """The variable of the loop around, where every second of its iterations turns this one."""
    loops = [var for var in cx.variables if not isinstance(var, Size)]
    return loops[-1] if loops and is_turning(loop) else None


def _thunk(module: Module, name: str, closure_type: str, kinds: list[str]) -> None:
    """The function the launcher calls: `void (ptr closure, i64 begin, i64 end)`."""
    at = module.function_location(f"{name}.part")
    lines = [f"define internal void @{name}.part(ptr %closure, i64 %begin, i64 %end)"]
    lines[0] += f" {module.attributes}{at.subprogram} {{"
    lines += [
        f"  %has_work = icmp ult i64 %begin, %end{at.suffix}",
        f"  br i1 %has_work, label %work, label %done{at.suffix}",
        "work:",
    ]
    given = []
    for i, kind in enumerate(kinds):
        plain = kind.split(" ")[0]
        lines.append(
            f"  %slot.{i} = getelementptr inbounds {closure_type}, ptr %closure, "
            f"i32 0, i32 {i}{at.suffix}"
        )
        lines.append(f"  %field.{i} = load {plain}, ptr %slot.{i}, align 8{at.suffix}")
        given.append(f"{kind} %field.{i}")
    arguments = ", ".join([*given, "i64 %begin", "i64 %end"])
    lines += [
        f"  call void @{name}({arguments}){at.suffix}",
        f"  br label %done{at.suffix}",
        "done:",
        f"  ret void{at.suffix}",
        "}",
    ]
    module.functions.append(lines)


def _body(
    cx: Context,
    loop: For,
    module: Module,
    name: str,
    buffers: list[tuple[Buffer, str]],
    outer: list[Var],
    around: Var | None,
) -> None:
    """The loop over [begin, end) as a function of its own; backwards where `around` is odd."""
    text = FunctionText(module)
    at = module.function_location(name)
    text.location = at.locations.get(loop.var, at.suffix)
    inner = Context(
        text, cx.machine, cx.vector_lanes, cx.evaluate, cx.stored, cx.numbers, at.locations
    )
    inner.constants, inner.ranges, inner.conditions = cx.constants, cx.ranges, cx.conditions
    inner.linear, inner.non_negative, inner.is_index = cx.linear, cx.non_negative, cx.is_index
    parameters = []
    for buffer, kind in buffers:
        inner.pointers[buffer] = (module.pointer_name(buffer), cx.pointers[buffer][1])
        parameters.append(f"{kind} {inner.pointers[buffer][0]}")
    for var in outer:
        inner.variables[var] = f"%{text.fresh(var.name)}"
        parameters.append(f"i64 {inner.variables[var]}")
    parameters += ["i64 %begin", "i64 %end"]
    turn = None if around is None else inner.variables[around]
    counted_loop(inner, loop, "%begin", "%end", turn)
    fence(inner, loop)
    text.line("ret void")
    header = f"define internal void @{name}({', '.join(parameters)}) noinline "
    module.functions.append(
        [f"{header}{module.attributes}{at.subprogram} {{", "entry:", *text.lines(), "}"]
    )


def _used_buffers(stmt: Stmt) -> set[Buffer]:
    """The buffers that `stmt` reads, asks for or writes."""
    written = {s.buffer for s in stmts(stmt) if isinstance(s, (Store, Prefetch))}
    return written | {e.buffer for e in loads(stmt)}


def _used_variables(stmt: Stmt) -> set[Var]:
    """The variables that occur in `stmt`, and in the shapes of the buffers it uses."""
    shapes = sizes_in(e for b in _used_buffers(stmt) for e in b.shape)
    found = {e for s in stmts(stmt) for x in exprs_of(s) for e in exprs(x) if isinstance(e, Var)}
    return found | set(shapes)
