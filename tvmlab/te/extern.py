"""Extern: a computation said as statements, where an expression for each element does not do.

    S = t.extern((8,), [A], '''
        S[0] = A[0]
        for i in range(7):
            S[i + 1] = S[i] + A[i + 1]
    ''', name="S")

The statements are those of a printed program: serial loops, branches and stores, over the names of
the inputs and of the result. In the program they are one block without loops of its own around it:
what is inside runs as it is written, and steps see only which elements it reads and writes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from textwrap import dedent, indent

from tvmlab.arith.inside import verify_inside
from tvmlab.errors import ExpressionError, ParseError, VerifyError
from tvmlab.ir.parse import parse_program
from tvmlab.ir.program import For, If, Program, Seq, Stmt, Store
from tvmlab.ir.walk import stmts
from tvmlab.te.tensor import Tensor, placeholder

Statements = str | Callable[[Sequence[Tensor], Tensor], str]
"""The statements, or what writes them for given inputs and result."""


class Extern(Tensor):
    """What `t.extern` returns: `inputs`, and the `program` that computes it from them."""

    __slots__ = ("inputs", "program")

    def __init__(self, inputs: tuple[Tensor, ...], program: Program) -> None:
        result = program.params[-1]
        super().__init__(result.name, result.extents, result.dtype, (), None)
        self.inputs = inputs
        self.program = program

    @property
    def is_placeholder(self) -> bool:
        """No: its statements compute it."""
        return False

    @property
    def operands(self) -> tuple[Tensor, ...]:
        """The tensors that the parameters of the program stand for."""
        return (*self.inputs, self)


def extern(
    shape: Sequence[int] | int,
    inputs: Sequence[Tensor],
    f: Statements,
    name: str = "extern",
    dtype: str = "float32",
) -> Tensor:
    """A tensor that statements compute from `inputs`.

    Args:
        shape: positive extents.
        inputs: the tensors read, of names unlike each other and unlike `name`.
        f: the statements as text, or a function of the inputs and a placeholder for the result
            that returns it. Every element of the result must be written before it is read.
        name: an identifier: the result's, in the text and in programs.
        dtype: of the result.

    Raises:
        ExpressionError: the text is none, stores to an input, or may leave a buffer.
    """
    given = tuple(inputs) if isinstance(inputs, Sequence) else (inputs,)
    for each in given:
        if not isinstance(each, Tensor):
            raise ExpressionError(f"t.extern reads tensors, not {each!r}.")
    result = placeholder(shape, dtype, name)
    names = [t.name for t in (*given, result)]
    if len(set(names)) < len(names):
        raise ExpressionError(
            f"t.extern was given two tensors of one name among {', '.join(names)}; rename one."
        )
    if any(not isinstance(e, int) for t in given for e in t.shape):
        raise ExpressionError(f"{name} reads a tensor over sizes; t.extern takes known extents.")
    body = f(given, result) if callable(f) else f
    if not isinstance(body, str) or not body.strip():
        raise ExpressionError(f"the statements of {name} are {body!r}, not a text of some lines.")
    said = [
        f"{t.name}: {t.dtype}[{', '.join(map(str, t.extents)) or '()'}]" for t in (*given, result)
    ]
    lines = dedent(body).strip("\n")
    return extern_of(given, f"def {name}({', '.join(said)}):\n{indent(lines, '    ')}")


def extern_of(inputs: Sequence[Tensor], text: str) -> Tensor:
    """The extern whose statements are those of a whole program.

    Args:
        inputs: what the parameters but the last stand for, of their shapes and dtypes.
        text: the program.

    Raises:
        ExpressionError: it is no program, does more than an extern may, or may leave a buffer.
    """
    program = _checked(text)
    *params, _ = program.params
    if [(p.shape, p.dtype) for p in params] != [(t.shape, t.dtype) for t in inputs]:
        raise ExpressionError(
            f"the text of {program.name} has parameters of other shapes or dtypes than its inputs."
        )
    return Extern(tuple(inputs), program)


def _checked(text: str) -> Program:
    """The program, if it is what an extern may be."""
    where = f"the text of {text.partition('(')[0].removeprefix('def ')}"
    try:
        program = parse_program(text)
    except ParseError as error:
        raise ExpressionError(f"{where} is refused: {error}") from None
    for s in stmts(program.body):
        if not isinstance(s, (For, If, Seq, Store)) or (isinstance(s, For) and s.kind != "serial"):
            raise ExpressionError(
                f"{where} holds a {_kind(s)}; an extern consists of serial loops, branches and "
                "stores."
            )
    if program.outputs != 1 or program.buffers:
        raise ExpressionError(
            f"{where} stores to an input or allocates; only its result may be written."
        )
    try:
        verify_inside(program, strict=True)
    except VerifyError as error:
        raise ExpressionError(f"{where} is refused: {error}") from None
    return program


def _kind(s: Stmt) -> str:
    return f"{s.kind} loop" if isinstance(s, For) else type(s).__name__.lower()
