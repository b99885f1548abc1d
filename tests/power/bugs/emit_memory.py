"""Bugs in loads, stores and loops printed for the processor, and in the threads that run them."""

from tests.power.planting import Bug, Room

_HERE = "tvmlab.targets.cpu"
_INDEX = f"{_HERE}.emit_index"
_COMPARE = f"{_HERE}.emit_compare"
_MEMORY = f"{_HERE}.emit_memory"
_STRIDED = f"{_HERE}.emit_strided"
_PATTERN = f"{_HERE}.emit_pattern"
_OFFSETS = "tvmlab.arith.lane_offsets"
_RUN = f"{_HERE}.emit_run"
_UNDIGITED = "tvmlab.arith.undigited"
_COLUMNS = f"{_HERE}.emit_columns"
_STATEMENT = f"{_HERE}.emit_statement"
_PARALLEL = f"{_HERE}.emit_parallel"
_STREAMS = f"{_HERE}.emit_streams"
_TEXT = f"{_HERE}.emit_text"

MEMORY = Room(
    "memory",
    (
        "tests/targets/test_cpu_emit_text.py",
        "tests/targets/test_cpu_emit_orders.py",
        "tests/targets/test_cpu_emit_memory.py",
        "tests/targets/test_cpu_emit_strided.py",
        "tests/targets/test_cpu_emit_streams.py",
        "tests/targets/test_cpu_emit_columns.py",
        "tests/targets/test_cpu_emit_run.py",
        "tests/targets/test_cpu_emit_pattern.py",
        "tests/targets/test_cpu_emit_parallel.py",
        "tests/arith/test_undigited.py",
        "tests/targets/test_cpu_threads.py",
    ),
    (
        Bug(
            "an address of digits put together loses a part",
            _INDEX,
            "for atom, coefficient in flat.terms.items()}",
            "for atom, coefficient in list(flat.terms.items())[:1]}",
        ),
        Bug(
            "what a lane adds is taken to be alike wherever it stands",
            _OFFSETS,
            "if any(variables(atom_expr(atom)) != {lane} for atom in own):",
            "if False:",
        ),
        Bug(
            "a pattern's second vector begins where its first does",
            _PATTERN,
            "pointer = pointer_to(cx, buffer, at, first)",
            "pointer = pointer_to(cx, buffer, at)",
        ),
        Bug(
            "a pattern forgets which part of the vector it is in",
            _PATTERN,
            "wanted = offsets[chunk.start : chunk.start + chunk.active]",
            "wanted = offsets[: chunk.active]",
        ),
        Bug(
            "a stretch of memory is cut short",
            _OFFSETS,
            "found.append((first + span - length, length))",
            "pass",
        ),
        Bug(
            "lanes are taken to end within their row",
            _RUN,
            "LANE: (0, lanes - 1)",
            "LANE: (0, 0)",
        ),
        Bug(
            "a run begins without the constant part of its digits",
            _INDEX,
            "constant += rest.constant",
            "pass",
        ),
        Bug(
            "a remainder is put together with its quotient added",
            _UNDIGITED,
            "inner.plus(quotient, -atom.divisor)",
            "inner.plus(quotient, atom.divisor)",
        ),
        Bug(
            "a quotient of a quotient is divided once",
            _UNDIGITED,
            "divisor * inner.divisor, ranges)",
            "divisor, ranges)",
        ),
        Bug(
            "a comparison with lanes on the right is not mirrored",
            _COMPARE,
            "left, right, op = right, left, _MIRRORED[op]",
            "left, right = right, left",
        ),
        Bug(
            "every vector is stored where the first is",
            _INDEX,
            "index.constant + index.stride * cx.chunk.start",
            "index.constant",
        ),
        Bug("strides are one", _INDEX, "stride += factor", "stride += 1"),
        Bug(
            "one lane too many is written",
            _MEMORY,
            "first_lanes(chunk.active, chunk.lanes)",
            "first_lanes(chunk.active + 1, chunk.lanes)",
        ),
        Bug(
            "stores ignore their condition",
            _MEMORY,
            "    mask = memory_mask(cx, cx.mask)\n    if",
            '    mask = memory_mask(cx, "true")\n    if',
        ),
        Bug(
            "registers ignore their condition",
            _MEMORY,
            'if cx.mask != "true" and before is not None:',
            "if False:",
        ),
        Bug("a gather forgets the stride", _MEMORY, "if factor != 1:", "if False:"),
        Bug(
            "a load with a stride is off by one beyond its first vector",
            _STRIDED,
            "lanes + n * stride - start",
            "lanes + n * stride - start - 1",
        ),
        Bug(
            "of a vector with a stride every lane is read, wanted or not",
            _STRIDED,
            'if cx.mask == "true" or at.index.inside:\n        text',
            "if True:\n        text",
        ),
        Bug(
            "the mask of a load with a stride is not spread to its elements",
            _STRIDED,
            "[lane if not rest and lane < cx.chunk.active else lanes for lane, rest in read]",
            "list(range(lanes))",
        ),
        Bug(
            "conditions on every second element are those on every one",
            _COMPARE,
            'return fold("*", a[0], b[0]), a[1] * int(b[0].value)',
            'return fold("*", a[0], b[0]), a[1]',
        ),
        Bug(
            "a square's rows begin at the column wanted",
            _COLUMNS,
            "lane * at.index.stride - column)",
            "lane * at.index.stride)",
        ),
        Bug(
            "blocks of a square do not change places",
            _COLUMNS,
            "move = [n + half if not n & half else n + lanes for n in range(lanes)]",
            "move = [n if not n & half else n + lanes for n in range(lanes)]",
        ),
        Bug(
            "half a square is read as a whole one",
            _COLUMNS,
            "return column if least <= first and first + chunk.lanes - 1 <= last else None",
            "return column if least <= first else None",
        ),
        Bug(
            "a square begins before the first column that is read",
            _COLUMNS,
            "if least <= first and first + chunk.lanes - 1 <= last",
            "if first + chunk.lanes - 1 <= last",
        ),
        Bug(
            "what a branch knows is known behind it",
            _STATEMENT,
            "    cx.ranges, cx.linear, cx.non_negative = outside\n",
            "",
        ),
        Bug(
            "where a condition fails a variable is taken to be as where it holds",
            _STATEMENT,
            "_where(cx, branch.condition, False, otherwise)",
            "_where(cx, branch.condition, True, otherwise)",
        ),
        Bug(
            "a vector's last lanes are not asked whether they are inside",
            _INDEX,
            "LANE: (0, index.lanes - 1)}",
            "LANE: (0, 0)}",
        ),
        Bug(
            "an unwanted element is read from beyond the buffer",
            _MEMORY,
            'if cx.mask != "true" and not at.index.inside:',
            "if False:",
        ),
        Bug(
            "whole vectors are read where only some lanes are wanted",
            _MEMORY,
            'mask = memory_mask(cx, "true" if at.index.inside else cx.mask)\n    if',
            'mask = "true"\n    if',
        ),
        Bug(
            "registers do not survive a loop",
            _STATEMENT,
            "if k[0] in cx.stored[id(loop)]}",
            "if False}",
        ),
        Bug(
            "a branch's registers come from the wrong side",
            _STATEMENT,
            "[ {x}, %{label_a} ], [ {y}, %{label_b} ]",
            "[ {y}, %{label_a} ], [ {x}, %{label_b} ]",
        ),
        Bug(
            "a loop runs once more",
            _STATEMENT,
            "icmp ult i64 {var}.next, {end}",
            "icmp ule i64 {var}.next, {end}",
        ),
        Bug(
            "an unrolled loop loses its last iteration",
            _STATEMENT,
            "for i in range(extent):",
            "for i in range(max(extent - 1, 1)):",
        ),
        Bug(
            "a branch within lanes forgets the conditions around it",
            _STATEMENT,
            "(*outside, branch.condition)",
            "(branch.condition,)",
        ),
        Bug(
            "the bounds of a parallel part are exchanged",
            _PARALLEL,
            'parameters += ["i64 %begin", "i64 %end"]',
            'parameters += ["i64 %end", "i64 %begin"]',
        ),
        Bug(
            "values loaded before a parallel loop are used after it",
            _PARALLEL,
            "        text.forget(buffer)\n",
            "        pass\n",
        ),
        Bug(
            "a store does not outdate earlier loads",
            _TEXT,
            "        self.line(text)\n        self.forget(buffer)\n",
            "        self.line(text)\n",
        ),
        Bug(
            "a load leaves a loop that stores to its buffer",
            _TEXT,
            "if stored is None or buffer in stored:",
            "if stored is None:",
        ),
        Bug(
            "stores pass the caches by wherever their buffer begins",
            _STREAMS,
            "    if alignment % width_bytes == 0:\n        return",
            "    if True:\n        return",
        ),
        Bug(
            "whole registers pass the caches by where 16 bytes may",
            _STREAMS,
            'f"and i64 {address}, {width_bytes - 1}"',
            'f"and i64 {address}, {LEAST_BYTES - 1}"',
        ),
        Bug(
            "rows that begin between multiples pass the caches by",
            _STREAMS,
            "is_fit = alignment % LEAST_BYTES == 0 and",
            "is_fit =",
        ),
        Bug(
            "other threads start before stores are to be seen",
            _PARALLEL,
            "    fence(cx, program)\n",
            "",
        ),
        Bug(
            "a share ends before its stores are to be seen",
            _PARALLEL,
            "    fence(inner, loop)\n",
            "",
        ),
        Bug(
            "the launcher does not wait for its threads",
            f"{_HERE}.pool_text",
            "br i1 %nobody, label %release, label %await",
            "br i1 true, label %release, label %await",
        ),
        Bug(
            "the first queues get no iteration more",
            f"{_HERE}.pool_text",
            "%size = add i64 %base, %more",
            "%size = add i64 %base, 0",
        ),
    ),
)

ROOMS = (MEMORY,)
