"""The printed text of a program read back: what `tvmlab.ir.printer` writes, and nothing else.

The text is Python syntax, so Python's own parser gives the tree; of that tree only the forms that
the printer writes are understood, and nothing is run. Printing what was read gives the text again.

The text leaves a few things unsaid, which are chosen so: parameters that are stored to are the
outputs; an allocation and a named value live to the end of their indented lines; statements of one
indentation are one `Seq`; a store knows the block it stands in as its source; a block's extents and
regions follow from its bindings and its body (`tvmlab.ir.unsaid`).
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from tvmlab.errors import ParseError, VerifyError, brief
from tvmlab.ir import dtypes
from tvmlab.ir.buffer import PROMISES, Alignment, Buffer, Extent
from tvmlab.ir.expr import Const, Expr, Var
from tvmlab.ir.local import Local
from tvmlab.ir.parse_expr import Scope, fail, parse_expr
from tvmlab.ir.parse_invoke import parse_invoke
from tvmlab.ir.printer import LOOP_WORDS
from tvmlab.ir.program import (
    TRUE,
    Allocate,
    Annotation,
    Barrier,
    Block,
    Commit,
    For,
    If,
    Iter,
    Let,
    Prefetch,
    Program,
    Seq,
    Stmt,
    Store,
)
from tvmlab.ir.size import Size
from tvmlab.ir.unsaid import iteration_extents, regions
from tvmlab.ir.verify import verify
from tvmlab.ir.walk import stmts

LOOP_KINDS = {word: kind for kind, word in LOOP_WORDS.items()}

_STORED = 'allocate takes a type, scope="...", align=[[0, 32, 8]] and swizzle=8'


def parse_program(text: str) -> Program:
    """The program that `text` is the printed form of, scheduled or lowered.

    Raises:
        ParseError: with the line, where the text is of another form or not a well-formed program.
    """
    if not isinstance(text, str):
        raise ParseError(f"{brief(text)} is no program's text; give what `str(program)` printed.")
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise ParseError(
            f"line {error.lineno} of the program is not its printed form: {error.msg}."
        ) from None
    except (RecursionError, MemoryError, ValueError):
        raise ParseError(
            "the program's text is nested too deeply or holds characters that no program has; "
            "pass what str(s) printed."
        ) from None
    if len(tree.body) != 1 or not isinstance(tree.body[0], ast.FunctionDef):
        raise ParseError("the text is not one program: it begins with def name(A: float32[4], ...)")
    try:
        program = _function(tree.body[0])
    except RecursionError:
        raise ParseError("the program's text is nested too deeply; write it flatter.") from None
    try:
        verify(program, scheduled=False)
    except VerifyError as error:
        raise ParseError(f"the text is not a well-formed program: {error}") from None
    return program


def _function(node: ast.FunctionDef) -> Program:
    plain = node.args
    odd = (*plain.posonlyargs, *plain.kwonlyargs, *plain.defaults, plain.vararg, plain.kwarg)
    if any(x is not None for x in odd) or node.decorator_list or node.returns is not None:
        raise fail(node, "a program takes buffers only, each as A: float32[4]")
    scope = Scope()
    params = []
    for arg in plain.args:
        if arg.annotation is None:
            raise fail(arg, f"the parameter {arg.arg} has no type such as float32[4]")
        if arg.arg in scope.buffers or arg.arg in scope.variables:
            raise fail(arg, f"two parameters are named {arg.arg}")
        if (size := _size(arg.arg, arg.annotation)) is not None:
            scope.variables[arg.arg] = size
            continue
        params.append(_parameter(arg.arg, arg.annotation, scope))
        scope.buffers[arg.arg] = params[-1]
    body = list(node.body)
    intermediates = []
    while body and (found := _allocation(body[0], scope)) is not None and not _is_tile(found):
        intermediates.append(found)
        scope.buffers[found.name] = found
        body.pop(0)
    stmt = _sequence(body, scope, None, node)
    written = {s.buffer for s in stmts(stmt) if isinstance(s, Store)}
    first = next((n for n, p in enumerate(params) if p in written), None)
    if first is None:
        raise fail(node, "the program stores to none of its parameters")
    return Program(node.name, params, len(params) - first, intermediates, stmt)


def _size(name: str, node: ast.expr) -> Size | None:
    """The size `name` of a type such as `size` or `size(2, 64)`; None for a buffer's type."""
    if isinstance(node, ast.Name) and node.id == "size":
        return Size(name)
    if not (isinstance(node, ast.Call) and ast.unparse(node.func) == "size"):
        return None
    bounds = [a.value for a in node.args if isinstance(a, ast.Constant)]
    numbers = [b for b in bounds if isinstance(b, int) and b > 0]
    if not 0 < len(numbers) == len(node.args) <= 2 or node.keywords or numbers != sorted(numbers):
        raise fail(node, f"{name} is of the type size, size(2) or size(2, 64)")
    return Size(name, *numbers)


def _parameter(name: str, node: ast.expr, scope: Scope) -> Buffer:
    """The parameter `name` of a type such as `float32[4, n]`, in words for what is promised of it:
    `constant(finite(float32[4, n]))`."""
    promises = set()
    while isinstance(node, ast.Call) and (promise := ast.unparse(node.func)) in PROMISES:
        if len(node.args) != 1 or node.keywords or promise in promises:
            raise fail(node, f"the type of {name} is not of the form {promise}(float32[4, 4])")
        promises.add(promise)
        node = node.args[0]
    buffer = _buffer(name, node, "global", scope)
    buffer.constant, buffer.finite = (promise in promises for promise in PROMISES)
    return buffer


def _buffer(name: str, node: ast.expr, memory: str, scope: Scope) -> Buffer:
    """The buffer `name` of a type such as `float32[4, n]`."""
    if not (isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name)):
        raise fail(node, f"the type of {name} is not of the form float32[4, 4]")
    if node.value.id not in dtypes.ALL:
        raise fail(node, f"{node.value.id!r} is not a dtype; use one of {', '.join(dtypes.ALL)}")
    extents = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    shape: list[Extent] = []
    for extent in extents:
        shape.append(_extent(extent, scope))
    return Buffer(name, shape, node.value.id, memory)


def _extent(node: ast.expr, scope: Scope) -> Extent:
    value = parse_expr(node, scope)
    if isinstance(value, Const):
        if value.dtype != dtypes.INDEX or value.value < 1:
            raise fail(node, f"an extent is a positive integer, not {ast.unparse(node)}")
        return int(value.value)
    return value


def _allocation(node: ast.stmt, scope: Scope) -> Buffer | None:
    """The buffer of `b = allocate(float32[4])`, stored as it says; None for another statement."""
    if not (
        isinstance(node, ast.Assign)
        and len(node.targets) == 1
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id == "allocate"
    ):
        return None
    call, memory = node.value, "global"
    alignments: tuple[Alignment, ...] = ()
    swizzle = 0
    for keyword in call.keywords:
        if keyword.arg == "scope" and isinstance(keyword.value, ast.Constant):
            memory = str(keyword.value.value)
        elif keyword.arg == "align":
            alignments = _alignments(keyword.value)
        elif keyword.arg == "swizzle" and _is_count(keyword.value):
            swizzle = ast.literal_eval(keyword.value)
        else:
            raise fail(node, _STORED)
    if len(call.args) != 1:
        raise fail(node, _STORED)
    buffer = _buffer(node.targets[0].id, call.args[0], memory, scope)
    return buffer.replace(alignments=alignments, swizzle=swizzle)


def _is_count(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is int and node.value > 0


def _alignments(node: ast.expr) -> tuple[Alignment, ...]:
    """Alignments, each a list of dimension, factor and offset."""
    try:
        rows = ast.literal_eval(node)
        found = tuple(Alignment(*row) for row in rows)
    except (ValueError, TypeError):
        found = ()
    if not found or not all(type(n) is int for row in found for n in row):
        raise fail(node, "align is a list of lists of three integers: dimension, factor, offset")
    return found


def _is_tile(buffer: Buffer) -> bool:
    """Whether a buffer is a tile of registers, which lives where it is allocated."""
    return buffer.scope == "register"


def _sequence(nodes: Sequence[ast.stmt], scope: Scope, block: str | None, at: ast.AST) -> Stmt:
    """Statements of one indentation."""
    parts: list[Stmt] = []
    for n, node in enumerate(nodes):
        buffer = _allocation(node, scope)
        if buffer is not None:
            inner = scope.within(buffers={buffer.name: buffer})
            parts.append(Allocate(buffer, _sequence(nodes[n + 1 :], inner, block, node)))
            break
        named = _named(node, scope)
        if named is not None:
            var, value = named
            inner = scope.within({var.name: var})
            parts.append(Let(var, value, _sequence(nodes[n + 1 :], inner, block, node)))
            break
        parts.append(_stmt(node, scope, block))
    if not parts:
        raise fail(at, "nothing stands in these lines; a program does something")
    return parts[0] if len(parts) == 1 else Seq(parts)


def _named(node: ast.stmt, scope: Scope) -> tuple[Local, Expr] | None:
    """The variable and the value of `v = expression`; None for another statement."""
    if not isinstance(node, ast.Assign) or len(node.targets) != 1:
        return None
    target = node.targets[0]
    if not isinstance(target, ast.Name):
        return None
    value = parse_expr(node.value, scope)
    return Local(target.id, value.dtype, value.lanes), value


def _stmt(node: ast.stmt, scope: Scope, block: str | None) -> Stmt:
    if isinstance(node, ast.For):
        return _loop(node, scope, block)
    if isinstance(node, ast.With):
        return _block(node, scope)
    if isinstance(node, ast.If):
        condition = parse_expr(node.test, scope)
        then = _sequence(node.body, scope, block, node)
        otherwise = _sequence(node.orelse, scope, block, node) if node.orelse else None
        return If(condition, then, otherwise)
    if (
        isinstance(node, ast.Assign)
        and len(node.targets) == 1
        and isinstance(node.targets[0], ast.Subscript)
    ):
        buffer, indices = scope.access(node.targets[0])
        return Store(buffer, indices, parse_expr(node.value, scope), block)
    if block is None and isinstance(hint := _hinted(node), ast.Subscript):
        return Prefetch(*scope.access(hint))
    if block is None and (waited := _awaited(node)) is not None:
        named, pending = waited
        return Barrier([scope.buffer(name) for name in named], pending)
    if block is None and ast.unparse(node) == "commit()":
        return Commit()
    if block is not None and (invoked := parse_invoke(node, scope)) is not None:
        return invoked
    raise fail(
        node,
        f"{ast.unparse(node).splitlines()[0][:60]!r} is no statement of a program; those are for, "
        "with block, if, an allocation, a named value and a store",
    )


def _awaited(node: ast.stmt) -> tuple[list[ast.expr], int] | None:
    """What `barrier(A, B, pending=1)` names, and its number; None for another statement."""
    call = node.value if isinstance(node, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        return None
    given = [k.value for k in call.keywords if k.arg == "pending" and _is_count(k.value)]
    if call.func.id != "barrier" or len(given) != len(call.keywords):
        return None
    return call.args, ast.literal_eval(given[0]) if given else 0


def _hinted(node: ast.stmt) -> ast.expr | None:
    """What `prefetch(A[i])` names; None for another statement."""
    call = node.value if isinstance(node, ast.Expr) else None
    if not isinstance(call, ast.Call) or ast.unparse(call.func) != "prefetch" or call.keywords:
        return None
    return call.args[0] if len(call.args) == 1 else None


def _loop(node: ast.For, scope: Scope, block: str | None) -> For:
    call = node.iter
    if (
        not isinstance(node.target, ast.Name)
        or not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name))
        or call.func.id not in LOOP_KINDS
        or len(call.args) != 1
        or node.orelse
    ):
        words = ", ".join(LOOP_KINDS)
        raise fail(node, f"a loop is written for x in range(4), with range one of {words}")
    annotations = tuple(_annotation(keyword) for keyword in call.keywords)
    var = Var(node.target.id)
    extent = _extent(call.args[0], scope)
    inner = scope.within({var.name: var}, loops={var: extent})
    body = _sequence(node.body, inner, block, node)
    return For(var, extent, body, LOOP_KINDS[call.func.id], annotations)


def _annotation(node: ast.keyword) -> Annotation:
    """An annotation of a loop: a name with a text, an integer or a list of integers."""
    try:
        value = ast.literal_eval(node.value)
    except (ValueError, TypeError):
        value = None
    if node.arg is not None and type(value) in (str, int):
        return node.arg, value
    if node.arg is not None and type(value) is list and all(type(n) is int for n in value):
        return node.arg, tuple(value)
    raise fail(node.value, "an annotation is a name with a text, an integer or a list of integers")


def _with_call(node: ast.With, name: str) -> ast.Call | None:
    """The call of `with name(...):`, or None where it is another."""
    item = node.items[0]
    call = item.context_expr
    if len(node.items) == 1 and item.optional_vars is None and isinstance(call, ast.Call):
        return call if isinstance(call.func, ast.Name) and call.func.id == name else None
    return None


def _block(node: ast.With, scope: Scope) -> Block:
    call = _with_call(node, "block")
    if (
        call is None
        or len(call.args) != 1
        or not isinstance(call.args[0], ast.Constant)
        or not isinstance(call.args[0].value, str)
    ):
        raise fail(node, 'a block is written with block("C", vy=y, vk=reduce(k), where=y < 4):')
    name = call.args[0].value
    where: Expr = TRUE
    bound: list[tuple[Var, str, Expr]] = []
    said: dict[Var, Extent] = {}
    for keyword in call.keywords:
        value = keyword.value
        if keyword.arg is None:
            raise fail(node, "a block names each of its iteration variables")
        if keyword.arg == "where":
            where = parse_expr(value, scope)
            continue
        kind, var = "spatial", Var(keyword.arg)
        if isinstance(value, ast.Call) and ast.unparse(value.func) in ("reduce", "spatial"):
            kind = ast.unparse(value.func)
            if len(value.args) not in (1, 2) or value.keywords:
                raise fail(node, f"{kind} takes the value of an iteration variable and its extent")
            if len(value.args) == 2:
                said[var] = _extent(value.args[1], scope)
            value = value.args[0]
        binding = parse_expr(value, scope)
        if binding.dtype != dtypes.INDEX:
            raise fail(node, f"{keyword.arg} is bound to a value of {binding.dtype}, not an index")
        bound.append((var, kind, binding))
    sizes = {name: v for name, v in scope.variables.items() if isinstance(v, Size)}
    inside = Scope({**sizes, **{v.name: v for v, _, _ in bound}}, scope.buffers)
    nodes = list(node.body)
    init: Stmt | None = None
    if isinstance(nodes[0], ast.With) and _with_call(nodes[0], "init") is not None:
        init = _sequence(nodes.pop(0).body, inside, name, node)  # type: ignore[attr-defined]
    body = _sequence(nodes, inside, name, node)
    extents = iteration_extents(bound, where, scope.loops, body)
    iters = [
        Iter(v, said.get(v, extent), kind)
        for (v, kind, _), extent in zip(bound, extents, strict=True)
    ]
    reads, writes = regions(body)
    return Block(name, iters, [b for _, _, b in bound], where, reads, writes, init, body)
