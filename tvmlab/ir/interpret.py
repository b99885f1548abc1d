"""The definitional interpreter: a program executed serially, exactly as `tvmlab.ir` says.

A program, scheduled or lowered, becomes Python source that works on NumPy scalars (floats, which
round after every operation to their dtype) and Python integers (wrapped to theirs), so that about
a million operations run in a second. Every access is checked against its buffer's shape, and
reading an element that nothing has written is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from tvmlab.errors import UsageError
from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Buffer, Extent, Load
from tvmlab.ir.constants import rounding
from tvmlab.ir.expr import (
    BITWISE,
    COMPARISONS,
    LOGICAL,
    SHIFTS,
    Binary,
    Call,
    Cast,
    Const,
    Expr,
    Ramp,
    Select,
    Var,
)
from tvmlab.ir.functions import FUNCTIONS
from tvmlab.ir.interpret_runtime import RUNTIME
from tvmlab.ir.local import Local, Slice
from tvmlab.ir.operation import spelled
from tvmlab.ir.program import (
    Allocate,
    Block,
    Commit,
    For,
    If,
    Invoke,
    Let,
    Prefetch,
    Program,
    Seq,
    Stmt,
    Store,
)
from tvmlab.ir.shapes import named, sizes_from_shapes, sizes_of
from tvmlab.ir.specialise import specialise
from tvmlab.ir.swizzle import placed
from tvmlab.ir.walk import exprs

NESTING = 16
"""Python nests at most 20 loops in a function; deeper ones go to functions inside."""


def interpret(program: Program, arrays: Sequence[np.ndarray], *, checked: bool = True) -> None:
    """Execute `program` on `arrays`, one for each parameter in order; outputs are written in place.

    Elements of an output that the program does not write keep their values.

    Args:
        checked: whether accesses are checked; without, an index outside is undefined.

    Raises:
        UsageError: wrong number, shapes or dtypes of arrays.
        VerifyError: an access outside a buffer, a read of an unwritten element, a binding outside
            its iteration variable's extent, a division by zero or a cast out of range.
    """
    execute(program, arrays, lambda at_sizes: translate(at_sizes, checked))


def execute(
    program: Program,
    arrays: Sequence[np.ndarray],
    translated: Callable[[Program], Callable[..., None]],
) -> None:
    """Run what `translated` makes of `program`, at the sizes of `arrays`, on their elements."""
    program = _at_sizes(program, arrays)
    _check_arrays(program, arrays)
    inputs = len(program.params) - program.outputs
    cells = [_cells(array) for array in arrays[:inputs]]
    cells += [[None] * array.size for array in arrays[inputs:]]
    with np.errstate(all="ignore"):
        translated(program)(*cells)
    for array, written in zip(arrays[inputs:], cells[inputs:], strict=True):
        flat = array.reshape(-1)
        missing = [n for n, x in enumerate(written) if x is None]
        for n in missing:
            written[n] = flat[n]
        array[...] = np.array(written, array.dtype).reshape(array.shape)


def _at_sizes(program: Program, arrays: Sequence[np.ndarray]) -> Program:
    """A program of sizes at those of `arrays`."""
    if not sizes_of(program) or len(arrays) != len(program.params):
        return program
    values = sizes_from_shapes(named(program.params), [a.shape for a in arrays])
    return specialise(program, values)


def _check_arrays(program: Program, arrays: Sequence[np.ndarray]) -> None:
    if len(arrays) != len(program.params):
        names = ", ".join(b.name for b in program.params)
        raise UsageError(
            f"{program.name} takes {len(program.params)} arrays ({names}), not {len(arrays)}."
        )
    for array, buffer in zip(arrays, program.params, strict=True):
        if array.shape != buffer.extents or str(array.dtype) != buffer.dtype:
            raise UsageError(
                f"{buffer.name} is {buffer.dtype}{list(buffer.shape)}, and was given as "
                f"{array.dtype}{list(array.shape)}."
            )


def _cells(array: np.ndarray) -> list[Any]:
    """The elements in memory order: NumPy scalars for floats, else Python numbers."""
    flat = array.reshape(-1)
    return list(flat) if dtypes.is_float(str(array.dtype)) else flat.tolist()


def translate(program: Program, checked: bool = True) -> Callable[..., None]:
    """`program` as a Python function of one list of elements (None: unwritten) a parameter."""
    return written(program, Writer(checked), {})


def written(program: Program, writer: Writer, calls: Mapping[str, Any]) -> Callable[..., None]:
    """`program` as a function of Python source that `writer` writes, which may call `calls`."""
    names = [writer.buffer(b) for b in program.params]
    writer.line(f"def run({', '.join(names)}):", 0)
    for buffer in program.buffers:
        writer.line(f"{writer.buffer(buffer)} = [None] * {prod(buffer.extents)}", 1)
    writer.stmt(program.body, 1, 0)
    writer.line("return None", 1)
    scope: dict[str, Any] = {**RUNTIME, **calls, **writer.constants}
    exec(compile("\n".join(writer.lines), f"<interpreted {program.name}>", "exec"), scope)
    run: Callable[..., None] = scope["run"]
    return run


class Writer:
    """Writes the Python source of a program, whose threads run one after the other."""

    def __init__(self, checked: bool) -> None:
        self.checked = checked
        self.lines: list[str] = []
        self.constants: dict[str, Any] = {}
        self.names: dict[Var | Buffer, str] = {}
        self.extents: dict[Var, int] = {}
        self.temporaries = 0
        self.masks: list[Expr] = []
        self.lane = ""
        self.block = ""

    def line(self, text: str, depth: int) -> None:
        self.lines.append(" " * depth + text)

    def buffer(self, buffer: Buffer) -> str:
        return self.names.setdefault(buffer, f"b{len(self.names)}")

    def variable(self, var: Var) -> str:
        return self.names.setdefault(var, f"v{len(self.names)}")

    def temporary(self) -> str:
        self.temporaries += 1
        return f"t{self.temporaries}"

    def constant(self, value: Any) -> str:
        name = f"c{len(self.constants)}"
        self.constants[name] = value
        return name

    # Statements. `nested` counts the loops of the Python function being written.

    def stmt(self, s: Stmt, depth: int, nested: int) -> None:
        if isinstance(s, Seq):
            for part in s.stmts:
                self.stmt(part, depth, nested)
            self.line("pass", depth)
        elif isinstance(s, For):
            self.loop(s, depth, nested)
        elif isinstance(s, Store):
            self.store(s, depth)
        elif isinstance(s, If) and s.condition.lanes > 1:
            self.masks.append(s.condition)
            self.stmt(s.then, depth, nested)
            self.masks.pop()
        elif isinstance(s, If):
            self.line(f"if {self.expr(s.condition)}:", depth)
            self.stmt(s.then, depth + 1, nested)
            if s.otherwise is not None:
                self.line("else:", depth)
                self.stmt(s.otherwise, depth + 1, nested)
        elif isinstance(s, Let):
            self.let(s, depth)
            self.stmt(s.body, depth, nested)
        elif isinstance(s, Invoke):
            self.stmt(s.body, depth, nested)
        elif isinstance(s, (Commit, Prefetch)):
            self.line("pass", depth)
        elif isinstance(s, Allocate):
            self.line(f"{self.buffer(s.buffer)} = [None] * {prod(s.buffer.extents)}", depth)
            self.stmt(s.body, depth, nested)
        else:
            assert isinstance(s, Block)
            self.instance(s, depth, nested)

    def loop(self, s: For, depth: int, nested: int) -> None:
        if nested >= NESTING:
            name = self.temporary()
            self.line(f"def {name}():", depth)
            self.loop(s, depth + 1, 0)
            self.line(f"{name}()", depth)
            return
        if isinstance(s.extent, int):
            self.extents[s.var] = s.extent
        self.line(f"for {self.variable(s.var)} in range({self.extent(s.extent)}):", depth)
        self.stmt(s.body, depth + 1, nested + 1)

    def extent(self, extent: Extent) -> str:
        return str(extent) if isinstance(extent, int) else self.expr(extent)

    def instance(self, s: Block, depth: int, nested: int) -> None:
        """A block: its predicate, its bindings, its init where a fold begins, its body."""
        self.block = s.name
        if not (isinstance(s.where, Const) and s.where.value):
            self.line(f"if {self.expr(s.where)}:", depth)
            depth += 1
        for it, binding in zip(s.iters, s.bindings, strict=True):
            name = self.variable(it.var)
            self.line(f"{name} = {self.expr(binding)}", depth)
            if self.checked:
                words = self.constant(f"{it.var.name} of block {s.name}")
                extent = self.extent(it.extent)
                self.line(f"0 <= {name} < {extent} or unbound({words}, {name}, {extent})", depth)
                if isinstance(it.extent, int):
                    self.extents[it.var] = it.extent
        if s.init is not None:
            folded = [self.variable(it.var) for it in s.iters if it.is_reduce]
            self.line(f"if not ({' or '.join(folded) or False}):", depth)
            self.stmt(s.init, depth + 1, nested)
        self.stmt(s.body, depth, nested)
        self.block = ""

    def let(self, s: Let, depth: int) -> None:
        """A value by name; a vector as what each wanted lane holds."""
        if s.var.lanes == 1:
            value = self.expr(s.value)
            self.line(f"{self.variable(s.var)} = {value}", depth)
            return
        self.lane = lane = self.temporary()
        value, mask = self.expr(s.value), " and ".join(map(self.expr, self.masks)) or "True"
        self.lane = ""
        chosen = f"for {lane} in range({s.var.lanes}) if {mask}"
        self.line(f"{self.variable(s.var)} = {{{lane}: {value} {chosen}}}", depth)

    def store(self, s: Store, depth: int) -> None:
        around, self.block = self.block, self.block or s.source or ""
        lanes = max([s.value.lanes, *(i.lanes for i in (*s.indices, *self.masks))])
        name = self.buffer(s.buffer)
        if lanes == 1:
            value = self.expr(s.value)
            place = self.place(s.buffer, s.indices, "store")
            self.line(self.assign(name, place, value), depth)
        else:  # a vector is evaluated in every lane before any is written
            self.lane = lane = self.temporary()
            value, place = self.expr(s.value), self.place(s.buffer, s.indices, "store")
            mask = " and ".join(map(self.expr, self.masks)) or "True"
            self.lane = ""
            vector, spot = self.temporary(), self.temporary()
            chosen = f"for {lane} in range({lanes}) if {mask}"
            self.line(f"{vector} = [({place}, {value}) {chosen}]", depth)
            self.line(f"for {spot}, {lane} in {vector}: {self.assign(name, spot, lane)}", depth)
        self.block = around

    def assign(self, memory: str, place: str, value: str) -> str:
        """The statement that stores a value at a place of a buffer's list."""
        return f"{memory}[{place}] = {value}"

    def place(self, buffer: Buffer, indices: tuple[Expr, ...], what: str) -> str:
        """The position of an element in its buffer's list, each index checked."""
        indices = placed(buffer, indices)
        parts = []
        for n, (index, extent, stride) in enumerate(
            zip(indices, buffer.extents, buffer.strides(), strict=True)
        ):
            code = self.expr(index)
            inside = isinstance(index, Var) and self.extents.get(index, extent + 1) <= extent
            if self.checked and not inside:
                at = self.temporary()
                words = self.constant((what, self.block, buffer, n))
                code = f"({at} if 0 <= ({at} := {code}) < {extent} else outside({words}, {at}))"
            parts.append(code if stride == 1 else f"{code} * {stride}")
        return " + ".join(parts) or "0"

    # Expressions

    def expr(self, e: Expr) -> str:
        """Python source of an expression, safe to stand as an operand."""
        if isinstance(e, Var):
            return f"{self.variable(e)}[{self.lane}]" if e.lanes > 1 else self.variable(e)
        if isinstance(e, Const):
            if dtypes.is_float(e.dtype):
                return self.constant(rounding(e.dtype)(e.value))
            return f"({int(e.value)})"
        if isinstance(e, Binary):
            return self.binary(e)
        if isinstance(e, Load):
            element = f"{self.buffer(e.buffer)}[{self.place(e.buffer, e.indices, 'load')}]"
            if not self.checked:
                return element
            value, words = self.temporary(), self.constant((self.block, e.buffer, repr(e)))
            return f"({value} if ({value} := {element}) is not None else unwritten({words}))"
        if isinstance(e, Select):
            chosen = f"{self.expr(e.a)} if {self.expr(e.condition)} else {self.expr(e.b)}"
            return f"({chosen})"
        if isinstance(e, Cast):
            return self.cast(e)
        if isinstance(e, Call):
            meaning = spelled(e)
            return self.call(e) if meaning is None else self.expr(meaning)
        if isinstance(e, Slice):
            assert isinstance(e.value, Local), "lanes are taken of named vectors"
            lane = f"{e.start} + {self.lane}" if e.lanes > 1 else f"{e.start}"
            return f"{self.variable(e.value)}[{lane}]"
        assert isinstance(e, Ramp)
        return f"({self.expr(e.base)} + {self.lane})"

    def binary(self, e: Binary) -> str:
        a, b = self.expr(e.a), self.expr(e.b)
        if e.op in LOGICAL:  # both sides are evaluated
            return f"({a} {'&' if e.op == 'and' else '|'} {b})"
        if e.op in COMPARISONS:
            return f"({a} {e.op} {b})"
        is_float = dtypes.is_float(e.dtype)
        if e.op in ("min", "max"):
            return f"f{e.op}({a}, {b})" if is_float else f"{e.op}({a}, {b})"
        if e.op in ("//", "%"):
            a, b = f"({a}", f"divisor({b}))"
        elif e.op in SHIFTS:
            b = f"amount({b}, {dtypes.bits(e.dtype)})"
        elif isinstance(e.a, Binary) and e.a.op in ("+", "-") and e.op in ("+", "-") and is_float:
            a = a[1:-1]  # Python groups to the left by itself, and nests 200 parentheses at most
        code = f"({a} {e.op} {b})"
        is_within = e.op in BITWISE and e.op != "<<"
        return code if is_float or is_within or _is_index(e) else _wrapped(code, e.dtype)

    def call(self, e: Call) -> str:
        function = self.constant(FUNCTIONS[e.function].reference)
        args = [self.expr(a) for a in e.args]
        if dtypes.is_float(e.dtype):
            return f"{function}({', '.join(args)})"
        kind = self.constant(np.dtype(e.dtype).type)
        if e.function in ("truncdiv", "truncmod"):
            args[1] = f"divisor({args[1]})"
        return f"int({function}({', '.join(f'{kind}({a})' for a in args)}))"

    def cast(self, e: Cast) -> str:
        value, source = self.expr(e.value), e.value.dtype
        if e.dtype == "bool":
            return f"({value} != 0)"
        if dtypes.is_float(e.dtype):
            kind = self.constant(rounding(e.dtype))
            if not dtypes.is_float(source):
                # Through the integer's own type: Python would round by way of float64.
                value = f"{self.constant(np.dtype(source).type)}({value})"
            return f"{kind}({value})"
        if dtypes.is_float(source):
            return f"truncated({value}, {self.constant(e.dtype)})"
        return _wrapped(f"int({value})", e.dtype)


def _is_index(e: Expr) -> bool:
    """Whether an expression is over loop variables alone, which are far from overflow."""
    return e.dtype == dtypes.INDEX and all(
        (isinstance(x, (Var, Const, Ramp)) and not isinstance(x, Local))
        or (isinstance(x, Binary) and x.op != "<<")
        for x in exprs(e)
    )


def _wrapped(code: str, dtype: str) -> str:
    """Python source of an integer modulo 2**bits in the range of `dtype`."""
    mask = (1 << dtypes.bits(dtype)) - 1
    low = int(dtypes.lowest(dtype))
    return f"(({code} & {mask}))" if low == 0 else f"((({code} - ({low})) & {mask}) + ({low}))"
