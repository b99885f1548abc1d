"""Bugs in the values printed for the processor: indices, arithmetic, functions."""

from tests.power.planting import Bug, Room

_HERE = "tvmlab.targets.cpu"
_INDEX = f"{_HERE}.emit_index"
_INTEGER = f"{_HERE}.emit_integer"
_COMPARE = f"{_HERE}.emit_compare"
_BFLOAT16 = f"{_HERE}.emit_bfloat16"
_VALUE = f"{_HERE}.emit_value"
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

ROOMS = (VALUES,)
