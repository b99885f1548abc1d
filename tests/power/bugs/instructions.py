"""Bugs in blocks of tiles, in instructions and in how they are written out and printed."""

from tests.power.planting import Bug, Room

_TILES = "tvmlab.schedule.tiles"
_MATCH = "tvmlab.schedule.match"
_INSTRUCTION = "tvmlab.ir.instruction"
_PAD = "tvmlab.schedule.primitives.pad_einsum"
_OPERATION = "tvmlab.targets.cpu.emit_operation"

INSTRUCTIONS = Room(
    "instructions",
    (
        "tests/schedule/test_blockize.py",
        "tests/schedule/test_pad_einsum.py",
        "tests/schedule/test_refusals.py",
        "tests/intrin",
        "tests/fuzz/test_instructions.py",
    ),
    (
        Bug(
            "tiles begin side by side wherever they are",
            _TILES,
            "if any(c % size for c in (*outer.terms.values(), outer.constant)):",
            "if False:",
        ),
        Bug(
            "a tile is set anew by every step of its fold",
            _TILES,
            "if not any(loop.var in p.inner.terms and p.iter.is_reduce for p in parts.values())",
            "if True",
        ),
        Bug(
            "a predicate inside a tile is dropped",
            _TILES,
            "if cut is not None:",
            "if False:",
        ),
        Bug(
            "elements computed twice are folded twice",
            _TILES,
            "if reached != 1 and",
            "if reached > 1 and",
        ),
        Bug(
            "loops inside a block hide those around it",
            "tvmlab.lower.bind",
            "else own_loops(block.body, around)",
            "else block.body",
        ),
        Bug(
            "padding is whatever memory held",
            "tvmlab.schedule.copies",
            'select(reduce(partial(binary, "and"), conditions), value, const(0, source.dtype))',
            "value",
        ),
        Bug(
            "padding begins where the operand ends",
            _PAD,
            "limits = [old[i] if old[i] != new[i] else None for i in load.indices]",
            "limits = [x if old[i] != new[i] else None "
            "for i, x in zip(load.indices, load.buffer.shape)]",
        ),
        Bug(
            "any fold may be padded with zeros",
            _PAD,
            'result.op == "+" and starts[0].value == 0',
            "starts is not None",
        ),
        Bug(
            "zero times infinity is zero",
            _PAD,
            "elif without is not None and is_float:",
            "elif False:",
        ),
        Bug(
            "two uses of an operand share a padded copy",
            _PAD,
            "return (load.buffer, load.indices)",
            "return load.buffer",
        ),
        Bug(
            "what begins inside a tile ends with that tile",
            _TILES,
            "(int(high) + span.extent - 1) // size + 1",
            "(span.extent - 1) // size + 1",
        ),
        Bug(
            "any first value will do",
            _MATCH,
            "if init is not None and _first_value(pattern.init) != _first_value(init):",
            "if False:",
        ),
        Bug("any stride will do", _MATCH, "if coefficient != 1 or", "if"),
        Bug(
            "an operand read twice is one operand",
            _MATCH,
            "if known.buffer is not actual.buffer or not _same_place(known, actual):",
            "if known.buffer is not actual.buffer:",
        ),
        Bug(
            "the instruction has no init",
            "tvmlab.schedule.primitives.tensorize",
            "init=start, ",
            "init=None, ",
        ),
        Bug(
            "operands come in another order",
            _INSTRUCTION,
            "for buffer in self.operands[1:]:",
            "for buffer in reversed(self.operands[1:]):",
        ),
        Bug(
            "tiles lose the indices before them",
            _INSTRUCTION,
            "return operands[buffer].buffer, (*starts[:lead], *inner)",
            "return operands[buffer].buffer, (*(s - s for s in starts[:lead]), *inner)",
        ),
        Bug(
            "the instruction saturates",
            _OPERATION,
            '"llvm.x86.avx512.vpdpbusd"',
            '"llvm.x86.avx512.vpdpbusds"',
        ),
        Bug(
            "the signed and the unsigned operand are exchanged",
            _OPERATION,
            "for group in (call.args[1:middle], call.args[middle:]):",
            "for group in (call.args[middle:], call.args[1:middle]):",
        ),
        Bug(
            "lanes that are not there are loaded as well",
            _OPERATION,
            "exist = stride == 0 or cx.chunk.active == cx.chunk.lanes",
            "exist = True",
        ),
        Bug(
            "elements need not stand side by side",
            _OPERATION,
            "if any(p.constant != first.constant + n for n, p in enumerate(places)):",
            "if False:",
        ),
        Bug(
            "what memory held before is loaded again",
            _OPERATION,
            "words = cx.text.load(text, (pointer,), first.buffer)",
            "words = cx.text.pure(text, (pointer,))",
        ),
        Bug(
            "products of bytes are summed in bytes",
            "tvmlab.ir.operation",
            'binary("*", cast(accumulator.dtype, a), cast(accumulator.dtype, b))',
            "cast(accumulator.dtype, binary('*', a.astype('int8'), b.astype('int8')))",
        ),
    ),
)

_LOADS = "tvmlab.targets.cuda.row_loads"
_WARPS = "tvmlab.lower.warps"

TENSOR_CORES = Room(
    "TensorCores",
    ("tests/lower/test_warps.py", "tests/targets/test_cuda_matrices.py"),
    (
        Bug(
            "the upper half of a row of A is loaded twice",
            _LOADS,
            '"threadIdx.x & 15", "(threadIdx.x >> 4) * 16"',
            '"threadIdx.x & 15", "(threadIdx.x >> 5) * 16"',
        ),
        Bug(
            "rows of B by columns are a word too narrow",
            _LOADS,
            '"(threadIdx.x & 3) * 4 + 16"',
            '"(threadIdx.x & 3) * 4 + 12"',
        ),
        Bug(
            "a tile's rows take the order of its first row",
            _LOADS,
            "((turn + ({row})) >> shift & mask)",
            "(turn >> shift & mask)",
        ),
        Bug(
            "the order of swizzled rows comes round too early",
            "tvmlab.ir.swizzle",
            "// Const(swizzle.rows, INDEX) % ways",
            "// Const(swizzle.rows, INDEX) % (ways // Const(2, INDEX))",
        ),
        Bug(
            "chunks are moved on, and not exchanged",
            "tvmlab.ir.swizzle",
            'binary("^", column // chunk, turn)',
            'binary("+", column // chunk, turn)',
        ),
        Bug(
            "one thread of a warp executes its instructions",
            _WARPS,
            "rest = [c for c in conjuncts(stmt.condition) if not guard.is_met_by(c)]",
            "rest = conjuncts(stmt.condition)",
        ),
        Bug(
            "tiles that others touch stay in registers",
            _WARPS,
            "        kept -= lost",
            "        break",
        ),
        Bug(
            "copies go on where threads read what they copied themselves",
            "tvmlab.lower.async_copies",
            "    return isinstance(block.body, Invoke) and is_collective(block.body)",
            "    return True",
        ),
        Bug(
            "loops that number tiles are not written out",
            _WARPS,
            'new.kind == "serial" and _numbers_tiles(new)',
            'new.kind == "serial" and not _numbers_tiles(new)',
        ),
    ),
)

ROOMS = (INSTRUCTIONS, TENSOR_CORES)
