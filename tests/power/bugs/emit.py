"""Bugs in the text printed for the processor, and in the threads that run it."""

from tests.power.planting import Bug, Room

_HERE = "tvmlab.targets.cpu"
_INDEX = f"{_HERE}.emit_index"
_INTEGER = f"{_HERE}.emit_integer"
_COMPARE = f"{_HERE}.emit_compare"
_BFLOAT16 = f"{_HERE}.emit_bfloat16"
_VALUE = f"{_HERE}.emit_value"
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
_ERF = f"{_HERE}.emit_erf"
_EXPONENTIAL = f"{_HERE}.emit_exponential"
_LOGARITHM = f"{_HERE}.emit_logarithm"
_TRIGONOMETRY = f"{_HERE}.emit_trigonometry"
_MATH = f"{_HERE}.emit_math"

VALUES = Room(
    "values",
    (
        "tests/analysis/test_numbers.py",
        "tests/targets/test_cpu_emit_text.py",
        "tests/targets/test_cpu_emit_orders.py",
        "tests/targets/test_cpu_emit_math.py",
        "tests/targets/test_cpu_emit_values.py",
        "tests/targets/test_cpu_bfloat16.py",
        "tests/te/test_bounded.py",
        "tests/targets/test_cpu_integer_bits.py",
    ),
    (
        Bug(
            "unsigned division is signed",
            _INTEGER,
            "if dtype in dtypes.UNSIGNED:",
            "if False:",
        ),
        Bug(
            "division truncates",
            _INTEGER,
            'return pure(f"add {kind} {quotient}, {less}", (quotient, less))',
            "return quotient",
        ),
        Bug(
            "the error function's root is squared once too few",
            _ERF,
            "while power > 2:",
            "while power > 4:",
        ),
        Bug(
            "bfloat16 is cut off instead of rounded",
            _BFLOAT16,
            'up = pure(f"add {long} {is_odd}, {number(0x7FFF)}", (is_odd,))',
            "up = number(0)",
        ),
        Bug(
            "ties of bfloat16 go away from zero",
            _BFLOAT16,
            'up = pure(f"add {long} {is_odd}, {number(0x7FFF)}", (is_odd,))',
            "up = number(0x8000)",
        ),
        Bug(
            "a NaN rounds to an infinity of bfloat16",
            _BFLOAT16,
            "select {tests} {is_nan}, {long} {quiet}, {long} {rounded}",
            "select {tests} {is_nan}, {long} {rounded}, {long} {rounded}",
        ),
        Bug(
            "a float64 goes to bfloat16 in two roundings",
            _BFLOAT16,
            "select {tests} {inexact}, {long} {odd}, {long} {bits}",
            "select {tests} {inexact}, {long} {bits}, {long} {bits}",
        ),
        Bug(
            "unsigned numbers shift their sign in",
            _INTEGER,
            'right = "lshr" if dtype in dtypes.UNSIGNED else "ashr"',
            'right = "ashr"',
        ),
        Bug(
            "division towards zero is signed",
            _INTEGER,
            'sign = "u" if dtype in dtypes.UNSIGNED else "s"',
            'sign = "s"',
        ),
        Bug(
            "counts of leading zeros count those below",
            _MATH,
            'v.intrinsic("ctlz", x, flag="false")',
            'v.intrinsic("cttz", x, flag="false")',
        ),
        Bug(
            "large angles are reduced like small ones",
            _TRIGONOMETRY,
            'beyond = v.test("ogt", size, v.number(_PI_HALVES[v.dtype][3]))',
            'beyond = v.test("ogt", size, v.number(1e30))',
        ),
        Bug(
            "a quarter turn keeps its sign",
            _TRIGONOMETRY,
            'sign = v.integer("and", quadrant, v.whole(2))',
            'sign = v.integer("and", quadrant, v.whole(0))',
        ),
        Bug(
            "half of exp overflows where exp does",
            _EXPONENTIAL,
            "    return _exp_times(v, x, 0.5)\n",
            "    return v.mul(_exp_times(v, x, 1.0), v.number(0.5))\n",
        ),
        Bug(
            "the logarithm in pow has one part only",
            f"{_HERE}.emit_power",
            "    low = v.fma(y, logarithm.low, low)\n",
            "",
        ),
        Bug(
            "log1p forgets what its sum rounds away",
            _LOGARITHM,
            'v.choose(is_inside, v.exact("fadd", y, lost), y)',
            "y",
        ),
        Bug(
            "an undecided sine is decided",
            "tvmlab.te.function_bounds",
            "return np.asarray(np.minimum(error, 2.0))",
            "return np.asarray(np.minimum(error, 0.0))",
        ),
        Bug("a shift forgets the sign", _INTEGER, "ashr {kind}", "lshr {kind}"),
        Bug(
            "division by zero traps",
            _INTEGER,
            "        b = _divisible(cx, a, b, dtype, lanes)\n",
            "        pass\n",
        ),
        Bug(
            "indices are never negative",
            _INDEX,
            "bounds(expr, cx.ranges)[0] >= 0\n",
            "True\n",
        ),
        Bug(
            "differences of indices are sums",
            _INDEX,
            'factor if expr.op == "+" else -factor',
            "factor",
        ),
        Bug(
            "unsigned numbers compare as signed",
            _COMPARE,
            'table = _UNSIGNED if dtype == "bool" or dtype in dtypes.UNSIGNED else _SIGNED',
            "table = _SIGNED",
        ),
        Bug(
            "NaN equals everything",
            _COMPARE,
            '{"==": "oeq"',
            '{"==": "ueq"',
        ),
        Bug(
            "a select takes the other side",
            _VALUE,
            '{kind} {a}, {kind} {b}", (condition, a, b))',
            '{kind} {b}, {kind} {a}", (condition, a, b))',
        ),
        Bug(
            "the other side of a select is read under its condition",
            _VALUE,
            "_narrow(cx, negation(cx, condition, test_lanes), test_lanes)",
            "_narrow(cx, condition, test_lanes)",
        ),
        Bug(
            "min and max keep NaN",
            _VALUE,
            'f"llvm.{op}imumnum.{ending}"',
            'f"llvm.{op}imum.{ending}"',
        ),
        Bug(
            "min and max of unsigned numbers are signed",
            _VALUE,
            "{'u' if dtype in dtypes.UNSIGNED else 's'}{op}",
            "s{op}",
        ),
        Bug("sums must not wrap around", _VALUE, '{"+": "add"', '{"+": "add nsw"'),
        Bug(
            "signed numbers widen with zeros",
            _VALUE,
            'return "zext" if is_unsigned else "sext"',
            'return "zext"',
        ),
        Bug(
            "unsigned numbers become floats as signed ones",
            _VALUE,
            'return "uitofp" if is_unsigned else "sitofp"',
            'return "sitofp"',
        ),
        Bug(
            "a product less something is something less the product",
            _VALUE,
            "        if is_left:\n",
            "        if not is_left:\n",
        ),
        Bug(
            "a multiply-add adds its second factor",
            _VALUE,
            "(kind, a), (kind, b), (kind, c))",
            "(kind, a), (kind, b), (kind, b))",
        ),
        Bug("lanes of an index start from zero", _VALUE, "iota(cx.chunk.start,", "iota(0,"),
        Bug(
            "exp reduces its argument with half of ln 2",
            _EXPONENTIAL,
            "    return v.fma(n, v.number(-c.ln2_low), r)\n",
            "    return r\n",
        ),
        Bug(
            "nothing keeps an exponential's remainder small",
            f"{_HERE}.emit_scale",
            'return _instruction(v, "range", r, v.number(bound), _NEARER_ZERO)',
            "return r",
        ),
        Bug(
            "a maximum is never NaN if one of its operands may be",
            "tvmlab.analysis.numbers",
            "        known -= wrong\n",
            "        break\n",
        ),
        Bug(
            "a maximum takes what may be NaN for the number",
            _VALUE,
            "if numbers[0] or (isinstance(expr.a, Load) and not numbers[1]):",
            "if isinstance(expr.a, Load) and not numbers[0]:",
        ),
    ),
)

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
            "return column if number - column + chunk.lanes - 1 <= last else None",
            "return column",
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
            "    if alignment % LEAST_BYTES == 0:\n        return",
            "    if True:\n        return",
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

ROOMS = (VALUES, MEMORY)
