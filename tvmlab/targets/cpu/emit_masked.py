"""Loads of some lanes of a whole vector: the others, which may be outside memory, are zero."""

from __future__ import annotations

from tvmlab.ir.buffer import Buffer
from tvmlab.targets.cpu.emit_context import Context
from tvmlab.targets.cpu.emit_types import memory_type, suffix, value_type


def load_masked(cx: Context, buffer: Buffer, pointer: str, mask: str, alignment: int) -> str:
    """The chunk's lanes from `pointer` on, as memory holds them, where `mask` holds."""
    lanes = cx.chunk.lanes
    vector, masks = memory_type(buffer.dtype, lanes), value_type("bool", lanes)
    dtype = "uint8" if buffer.dtype == "bool" else buffer.dtype
    name = f"llvm.masked.load.{suffix(dtype, lanes)}.p0"
    cx.text.module.declare(vector, name, ("ptr", masks, vector))
    text = (
        f"call {vector} @{name}(ptr align {alignment} {pointer}, "
        f"{masks} {mask}, {vector} zeroinitializer)"
    )
    return cx.text.load(text, (pointer, mask), buffer)
