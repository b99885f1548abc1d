"""Instructions declared by a tensor expression: what one computes, and how it is written out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from tvmlab.errors import UsageError
from tvmlab.ir import instruction as ir_instruction
from tvmlab.ir.buffer import Load
from tvmlab.ir.expr import Var
from tvmlab.ir.instruction import Instruction
from tvmlab.ir.operation import OPERATIONS
from tvmlab.ir.program import Store
from tvmlab.ir.walk import loads
from tvmlab.te.graph import stages
from tvmlab.te.naive import lower_naive
from tvmlab.te.tensor import Tensor


def declare(
    name: str,
    computation: Tensor,
    *,
    order: Sequence[tuple[str, str]] | None = None,
    operation: str = "",
    update: str = "",
    start: str = "",
    collective: bool = False,
    asynchronous: bool = False,
) -> Instruction:
    """Declare an instruction, so that `s[C].tensorize(loop, name)` finds and executes it.

        a = t.placeholder((4,), "float32", name="A")
        b = t.placeholder((4, 8), "float32", name="B")
        k = t.reduce_axis((0, 4), name="k")
        c = t.compute((8,), lambda x: t.sum(a[k] * b[k, x], axis=k), name="C")
        t.intrin.declare("fma8x4", c, order=[("k", "unrolled"), ("x", "vectorized")])

    Args:
        name: an identifier, by which schedules refer to it.
        computation: one `t.compute` of placeholders, a reduction or not, each of whose indices is
            an axis by itself; its extents are those of the tiles the instruction works on.
        order: its loops as they are best written out, outermost first: (axis, kind), kind one of
            serial, unrolled and vectorized; as they stand in the computation if not given.
        operation: the machine operation (`tvmlab.ir.operation`) that computes what the axes
            left out of `order` fold; every target knows what it means, and one that has it as an
            instruction prints that.
        update, start: the names printed where it is executed and where it initialises its
            results; `name` and `name_start` if not given.
        collective: whether it is one for the 32 threads of a warp together.
        asynchronous: whether it goes on by itself until its thread waits at a barrier.

    Raises:
        UsageError: the computation is not of that form, the order names other axes, the operation
            takes other operands, or one of the names is taken.
    """
    if not name.isidentifier():
        raise UsageError(f"the instruction's name {name!r} is not an identifier.")
    if not isinstance(computation, Tensor) or len(stages([computation])) != 1:
        raise UsageError(f"instruction {name} is declared by one t.compute of placeholders.")
    program = lower_naive([computation])
    plain = tuple((axis.name, "serial") for axis in (*computation.axes, *computation.reduce_axes))
    chosen = tuple((axis, kind) for axis, kind in order) if order is not None else plain
    made = Instruction(
        name,
        update or name,
        (start or f"{name}_start") if computation.reduce_axes else "",
        program,
        chosen,
        operation,
        collective,
        asynchronous,
    )
    _check(made)
    return ir_instruction.declare(made)


def _check(made: Instruction) -> None:
    """Refuse a declaration that could not be matched, or written out."""
    body = cast(Store, made.block.body)
    for e in (Load(body.buffer, body.indices), *loads(body)):
        if not all(isinstance(i, Var) for i in e.indices):
            raise UsageError(
                f"instruction {made.name} reaches {e.buffer.name} at {list(e.indices)}; "
                "each index is an axis by itself."
            )
    axes = {loop.var.name: it for loop, it in zip(made.loops, made.block.iters, strict=True)}
    given = [axis for axis, _ in made.order]
    left = [axis for axis in axes if axis not in given]
    kinds = {kind for _, kind in made.order}
    if len(set(given)) != len(given) or not set(given) <= set(axes):
        raise UsageError(f"instruction {made.name} has the axes {', '.join(axes)}, not {given}.")
    if not kinds <= {"serial", "unrolled", "vectorized"}:
        raise UsageError(
            f"instruction {made.name} is written out in serial, unrolled and vectorized loops, "
            f"not {sorted(kinds)}."
        )
    if left and not (made.operation and all(axes[axis].is_reduce for axis in left)):
        raise UsageError(
            f"instruction {made.name} leaves out {', '.join(left)}; only an operation folds axes."
        )
    if made.operation:
        _check_operation(made, left)


def _check_operation(made: Instruction, left: Sequence[str]) -> None:
    operation = OPERATIONS.get(made.operation)
    if operation is None:
        raise UsageError(
            f"there is no operation {made.operation!r}; there are {', '.join(OPERATIONS)}."
        )
    extents = {loop.var.name: cast(int, loop.extent) for loop in made.loops}
    count = 1
    for axis in left:
        count *= extents[axis]
    operands: list[str] = [made.operands[0].dtype]
    for buffer in made.operands[1:]:
        operands += [buffer.dtype] * count
    if tuple(operands) != operation.takes:
        raise UsageError(
            f"{operation.name} takes {', '.join(operation.takes)}, and instruction {made.name} "
            f"has {', '.join(operands)}."
        )
