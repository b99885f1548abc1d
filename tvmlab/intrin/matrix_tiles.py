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
from tvmlab.te.function import tf32
from tvmlab.te.reduction import reduce_axis, sum
from tvmlab.te.tensor import compute, placeholder

TF32 = "tf32"
"""The kind of operands that are float32 and rounded to 10 bits of mantissa as they are multiplied;
of all others the kind is the dtype."""

SHORT = {
    "float16": "f16", "bfloat16": "bf16", "int8": "s8", "float32": "f32", "int32": "s32",
    TF32: "tf32",
}  # fmt: skip
"""What names call dtypes, and kinds of operands."""


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
        shapes: the extents for each kind of operands.
        since: the compute capability from which on processors have it for each kind.
    """

    name: str
    shapes: dict[str, Shape]
    since: dict[str, tuple[int, int]]

    def at(self, capability: tuple[int, int]) -> Family:
        """The members that processors of a compute capability have."""
        kinds = {
            kind: shape for kind, shape in self.shapes.items() if self.since[kind] <= capability
        }
        return Family(self.name, kinds, self.since)

    def name_of(self, what: str, kind: str) -> str:
        """The name of a member, e.g. `mma_load_a_f16`."""
        return "_".join(filter(None, (self.name, what, SHORT[kind])))


def element(kind: str) -> str:
    """The dtype of operands of a kind."""
    return "float32" if kind == TF32 else kind


def wide(kind: str) -> str:
    """The dtype in which products of operands of a kind are summed up."""
    return "int32" if kind == "int8" else "float32"


def factor(kind: str, operand: Expr) -> Expr:
    """An element of an operand as it is multiplied."""
    return tf32(operand) if kind == TF32 else operand.astype(wide(kind))


def declared(family: Family) -> dict[str, Instruction]:
    """Declare all members of a family, by their names.

    For each kind there are the product `FAMILY_KIND`, with B stored by rows, and
    `FAMILY_t_KIND`, with B stored by columns; the copies `load_a`, `load_b` and, by columns,
    `load_t`; and for each dtype of results the copy `store`.
    """
    made: list[Instruction] = []
    stores: dict[str, tuple[int, int]] = {}
    for kind, shape in family.shapes.items():
        made += [_product(family, kind, shape, by_columns) for by_columns in (False, True)]
        for what, extents in (
            ("load_a", (shape.rows, shape.steps)),
            ("load_b", (shape.steps, shape.columns)),
            ("load_t", (shape.columns, shape.steps)),
        ):
            made.append(_copy(family.name_of(what, kind), extents, element(kind)))
        stores[wide(kind)] = (shape.rows, shape.columns)
    made += [_copy(family.name_of("store", d), extents, d) for d, extents in stores.items()]
    return {instruction.name: instruction for instruction in made}


def _product(family: Family, kind: str, shape: Shape, by_columns: bool) -> Instruction:
    """C[y, x] += A[y, k] * B[k, x], or B[x, k], on operands made as wide as the result first."""
    a = placeholder((shape.rows, shape.steps), element(kind), name="A")
    extents = (shape.columns, shape.steps) if by_columns else (shape.steps, shape.columns)
    b = placeholder(extents, element(kind), name="B")
    k = reduce_axis((0, shape.steps), name="k")

    def result(y: Expr, x: Expr) -> Expr:
        right = b[x, k] if by_columns else b[k, x]
        return sum(factor(kind, a[y, k]) * factor(kind, right), axis=k)

    c = compute((shape.rows, shape.columns), result, name="C")
    return declare(family.name_of("t" if by_columns else "", kind), c, collective=True)


def _copy(name: str, extents: tuple[int, int], dtype: str) -> Instruction:
    source = placeholder(extents, dtype, name="A")
    return declare(name, compute(extents, lambda y, x: source[y, x], name="C"), collective=True)
