"""Which shape suits each stage of an expression: told from the computation alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tvmlab.ir.walk import variables
from tvmlab.ops.gpu.chained_part import ChainedPart
from tvmlab.ops.gpu.each_thread import EachThread
from tvmlab.ops.gpu.fold_part import FoldPart
from tvmlab.ops.gpu.matrix_part import MatrixPart
from tvmlab.ops.gpu.online_part import OnlinePart
from tvmlab.ops.gpu.product_part import ProductPart
from tvmlab.ops.gpu.rows_part import RowsPart
from tvmlab.ops.gpu.transposed import Transposed
from tvmlab.ops.gpu.unit import ThreadUnit
from tvmlab.ops.reading import loads
from tvmlab.ops.stages import Stages
from tvmlab.te import Tensor
from tvmlab.te.graph import recurrences

TiledPart = FoldPart | MatrixPart | ProductPart
Part = EachThread | TiledPart | ChainedPart | RowsPart | Transposed


@dataclass
class Plan:
    """The parts of a schedule, readers before what they read.

    Attributes:
        stages: the computations, those inlined left out.
        unit: the processor.
        has_products: whether folds that can become products of matrices do.
        inlined: the blocks written out where they are read.
        parts: how the others are scheduled.
        taken: the blocks that a part schedules.
    """

    stages: Stages
    unit: ThreadUnit
    has_products: bool = False
    inlined: list[str] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, outputs: Sequence[Tensor], unit: ThreadUnit, has_products: bool = False) -> Plan:
        """The plan for an expression."""
        plan = cls(Stages.of(outputs), unit, has_products)
        cells = {stage for r in recurrences(outputs) for stage in r.cell}
        plan.taken |= {name for name, stage in plan.stages.tensors.items() if stage in cells}
        for block in reversed(list(plan.stages.definitions)):
            plan._inline(block)
        for block in reversed(list(plan.stages.definitions)):
            if block not in plan.taken:
                plan._decide(block)
        return plan

    # ---- maps written out

    def _inline(self, block: str) -> None:
        """Write a cheap map out where it is read; not where a fold fetches it anyway."""
        readers = self.stages.readers(block)
        if block in self.taken or block in self.stages.outputs or not readers:
            return
        if not self.stages.is_map(block) or self.stages.is_costly(block):
            return
        if any(reader in self.taken for reader in readers) or self._is_fetched(block, readers):
            return
        self.inlined.append(block)
        self.stages = self.stages.inline(block)

    def _is_fetched(self, block: str, readers: Sequence[str]) -> bool:
        """Whether the only reader is a fold that copies what it reads."""
        (reader, *others) = readers
        tensor = self.stages.tensors[block]
        part = FoldPart(self.stages.definitions[reader], reader, self.unit)
        return not others and self._can_share(reader) and tensor.name in part.read

    def _can_share(self, block: str) -> bool:
        """Whether a block folds one result, and its operands serve several."""
        stage = self.stages.definitions[block]
        if not stage.reduce_axes or not stage.axes or len(stage.results) > 1:
            return False
        return FoldPart(stage, block, self.unit).is_shared

    # ---- shapes

    def _decide(self, block: str) -> None:
        stage = self.stages.definitions[block]
        fold = self._followed(block)
        if fold:
            self._add_fold(fold, block)
        elif self._can_share(block):
            self._add_fold(block)
        elif (rows := self._rows(block)) is not None:
            self._add(rows, *rows.stages)
        elif len(stage.results) > 1 or not stage.axes:
            return  # a thread for each result, as whatever is left
        elif Transposed(stage, block, self.unit).row is not None:
            self._add(Transposed(stage, block, self.unit), block)
        else:
            self._add(EachThread(stage, block, self.unit), block)

    def _add(self, part: Part, *blocks: str) -> None:
        self.parts.append(part)
        self.taken |= set(blocks)
        if isinstance(part, TiledPart):
            self.taken |= {part.block, *part.makers.values()}

    def _add_fold(self, block: str, *follower: str) -> None:
        """A fold, with what its left operand is made of where that stays in shared memory."""
        part = self._fold_part(block, *follower)
        chain: ChainedPart | None = None
        if isinstance(part, MatrixPart):
            given = self.stages, part, self.taken
            chain = ChainedPart.of(*given) or OnlinePart.of(*given)
        if chain is not None:
            self._add(chain, chain.block, *follower, *chain.taken)
        else:
            self._add(part, *follower)

    def _fold_part(self, block: str, follower: str = "") -> TiledPart:
        """The part of a fold, by instructions of warps where there are any for it: maps that it
        alone reads are computed where they are fetched."""
        stage = self.stages.definitions[block]
        bare = FoldPart(stage, block, self.unit)
        makers = {
            self.stages.tensors[name].name: name
            for name in self.stages.producers(block)
            if name not in self.taken | self.stages.outputs
            and self.stages.is_map(name)
            and not self.stages.is_costly(name)
            and self.stages.readers(name) == [block]
            and self.stages.tensors[name].name in bare.read
        }
        given = stage, block, self.unit, follower, makers
        product = ProductPart.of(*given)
        if product is not None and (self.has_products or product.is_for_warps):
            return product
        return MatrixPart.of(*given) or FoldPart(*given)

    def _followed(self, block: str) -> str:
        """The fold whose every result the map `block` takes up once; "" if there is none."""
        if not self.stages.is_map(block):
            return ""
        stage = self.stages.definitions[block]
        for name in self.stages.producers(block):
            found = self.stages.loads(block, name)
            is_own = self.stages.readers(name) == [block] and name not in self.stages.outputs
            same = len({load.indices for load in found}) == 1 and all(
                index is axis for index, axis in zip(found[0].indices, stage.axes, strict=False)
            )
            order = list(self.stages.definitions)
            others = [other for other in self.stages.producers(block) if other != name]
            if (
                is_own and same and name not in self.taken and self._can_share(name)
                and all(order.index(other) < order.index(name) for other in others)
                and self.stages.definitions[name].extents == stage.extents
            ):  # fmt: skip
                return name
        return ""

    def _rows(self, block: str) -> RowsPart | None:
        """The stages over the same rows that end in `block`, if they fold rows."""
        stage = self.stages.definitions[block]
        if len(stage.results) > 1:
            return None
        rank = len(stage.axes)
        lead = rank if stage.reduce_axes else rank - 1
        if lead < 0:
            return None
        group: list[str] = [block] if self._is_of_rows(block, lead) else []
        for name in reversed(list(self.stages.definitions)):
            readers = self.stages.readers(name)
            if (
                group and readers and set(readers) <= set(group)
                and name not in self.stages.outputs | self.taken
                and self._is_of_rows(name, lead)
                and all(self._at_rows(reader, name, lead) for reader in readers)
            ):  # fmt: skip
                group.append(name)
        definitions = self.stages.definitions
        folds = [name for name in group if definitions[name].reduce_axes]
        if not folds:
            return None
        return RowsPart({name: definitions[name] for name in reversed(group)}, lead, self.unit)

    def _is_of_rows(self, block: str, lead: int) -> bool:
        """Whether a stage computes rows, or folds them along memory; which, say `lead` axes."""
        stage = self.stages.definitions[block]
        if len(stage.results) > 1 or self._can_share(block):
            return False
        if not stage.reduce_axes:
            return lead <= len(stage.axes) <= lead + 1
        return len(stage.axes) == lead and any(
            load.indices and set(variables(load.indices[-1])) & set(stage.reduce_axes)
            for load in loads(stage)
        )

    def _at_rows(self, reader: str, block: str, lead: int) -> bool:
        """Whether a row of `reader` reads the same row of `block` alone."""
        axes = self.stages.definitions[reader].axes[:lead]
        return all(
            len(load.indices) >= lead
            and all(i is a for i, a in zip(load.indices, axes, strict=False))
            for load in self.stages.loads(reader, block)
        )
