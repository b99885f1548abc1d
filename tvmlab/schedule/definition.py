"""Blocks that define each element of an intermediate by one expression."""

from __future__ import annotations

from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Const, Var
from tvmlab.ir.program import Block, Program, Store
from tvmlab.ir.walk import exprs, variables
from tvmlab.schedule.step import Step


def definition(step: Step, block: Block, folding: str) -> tuple[Store, list[Var]]:
    """The only store of `block`, and the variables that are its indices.

    Args:
        folding: what to do instead if the block folds.

    Raises:
        ScheduleError: the block folds, stores elsewhere, or goes on from its own results.
    """
    folded = [it.var.name for it in block.iters if it.is_reduce]
    if block.init is not None or folded:
        raise step.refuse(
            "",
            f"{block.name} folds over {', '.join(folded)}, so its value is no expression",
            folding,
        )
    if len(block.writes) > 1:
        together = " and ".join(w.buffer.name for w in block.writes)
        raise step.refuse(
            "",
            f"{block.name} computes {together} together, which is no one expression",
            "compute each in a t.compute of its own",
        )
    body = block.body
    places = _places(block, body) if isinstance(body, Store) else None
    if not isinstance(body, Store) or places is None:
        raise step.refuse(
            "",
            f"{block.name} does not write one element for each of its indices",
            "inline a block that stores B[i, j, ...] over its own variables",
        )
    if any(isinstance(e, Load) and e.buffer is body.buffer for e in exprs(body.value)):
        raise step.refuse(
            "",
            f"{block.name} goes on from elements of {body.buffer.name} that it wrote before",
            "inline a block that reads only what other blocks write",
        )
    return body, places


def _places(block: Block, body: Store) -> list[Var] | None:
    """The variables at which elements are stored; None where they do not tell these apart.

    Where there is one element, 0 stands in the place of a variable, which nothing else depends on.
    """
    left = {it.var: it.extent for it in block.iters}
    places: list[Var] = []
    for index, extent in zip(body.indices, body.buffer.shape, strict=True):
        if isinstance(index, Var) and index in left:
            del left[index]
            places.append(index)
        elif isinstance(index, Const) and extent == 1:
            places.append(Var("one"))
        else:
            return None
    used = variables(body.value)
    is_all = all(extent == 1 and var not in used for var, extent in left.items())
    return places if is_all else None


def require_intermediate(step: Step, program: Program, buffer: Buffer, instead: str) -> None:
    """Refuse `step` where the caller gets `buffer` back.

    Raises:
        ScheduleError: the buffer is an output.
    """
    if buffer in program.params:
        raise step.refuse("", f"{buffer.name} is an output, which must be stored", instead)
