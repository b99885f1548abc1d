"""What TensorCores do, as tiles: products of small matrices, and copies into and out of registers.

A product works on tiles that lie in the registers of a warp (scope `warp`); other instructions
copy them from and to shared or global memory. Which register of which thread holds an element is
the machine's affair: whatever reads the declarations sees matrices.
"""

from __future__ import annotations

from dataclasses import dataclass

from tvmlab.intrin.declare import declare
from tvmlab.ir.expr import Expr
from tvmlab.ir.instruction import Instruction
from tvmlab.te.reduction import reduce_axis, sum
from tvmlab.te.tensor import compute, placeholder

SHORT = {
    "float16": "f16", "bfloat16": "bf16", "int8": "s8", "float32": "f32", "int32": "s32",
}  # fmt: skip
"""What names call dtypes."""


@dataclass(frozen=True)
class Shape:
    """The extents of a product: `rows` x `columns` results of `steps` terms each."""

    rows: int
    columns: int
    steps: int


@dataclass(frozen=True)
class Family:
    """Instructions of one form.

    Attributes:
        name: what all their names begin with.
        shapes: the extents for each dtype of the operands.
    """

    name: str
    shapes: dict[str, Shape]

    def name_of(self, what: str, dtype: str) -> str:
        """The name of a member, e.g. `mma_load_a_f16`."""
        return "_".join(filter(None, (self.name, what, SHORT[dtype])))


def wide(dtype: str) -> str:
    """The dtype in which products of elements of `dtype` are summed up."""
    return "int32" if dtype == "int8" else "float32"


def declared(family: Family) -> dict[str, Instruction]:
    """Declare all members of a family, by their names.

    For each dtype there are the product `FAMILY_DTYPE`, with B stored by rows, and
    `FAMILY_t_DTYPE`, with B stored by columns; the copies `load_a`, `load_b` and, by columns,
    `load_t`; and for each dtype of results the copy `store`.
    """
    made: list[Instruction] = []
    stores: dict[str, tuple[int, int]] = {}
    for dtype, shape in family.shapes.items():
        made += [_product(family, dtype, shape, by_columns) for by_columns in (False, True)]
        for what, extents in (
            ("load_a", (shape.rows, shape.steps)),
            ("load_b", (shape.steps, shape.columns)),
            ("load_t", (shape.columns, shape.steps)),
        ):
            made.append(_copy(family.name_of(what, dtype), extents, dtype))
        stores[wide(dtype)] = (shape.rows, shape.columns)
    made += [_copy(family.name_of("store", d), extents, d) for d, extents in stores.items()]
    return {instruction.name: instruction for instruction in made}


def _product(family: Family, dtype: str, shape: Shape, by_columns: bool) -> Instruction:
    """C[y, x] += A[y, k] * B[k, x], or B[x, k], on operands made as wide as the result first."""
    a = placeholder((shape.rows, shape.steps), dtype, name="A")
    extents = (shape.columns, shape.steps) if by_columns else (shape.steps, shape.columns)
    b = placeholder(extents, dtype, name="B")
    k = reduce_axis((0, shape.steps), name="k")

    def element(y: Expr, x: Expr) -> Expr:
        right = b[x, k] if by_columns else b[k, x]
        return sum(a[y, k].astype(wide(dtype)) * right.astype(wide(dtype)), axis=k)

    c = compute((shape.rows, shape.columns), element, name="C")
    return declare(family.name_of("t" if by_columns else "", dtype), c, collective=True)


def _copy(name: str, extents: tuple[int, int], dtype: str) -> Instruction:
    source = placeholder(extents, dtype, name="A")
    return declare(name, compute(extents, lambda y, x: source[y, x], name="C"), collective=True)
