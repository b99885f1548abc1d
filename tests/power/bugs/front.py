"""Bugs in the arithmetic of indices and in the naive program."""

from tests.power.planting import Bug, Room

_LINEAR = "tvmlab.arith.linear"
_SIMPLIFY = "tvmlab.arith.simplify"
_NAIVE = "tvmlab.te.naive"
_UNSAID = "tvmlab.ir.unsaid"
_REDUCTION = "tvmlab.te.reduction"

ARITH = Room(
    "arith",
    (
        "tests/arith/test_simplify.py",
        "tests/arith/test_inside.py",
        "tests/arith/test_limits.py",
        "tests/lower",
    ),
    (
        Bug(
            "a range ends with the number that it stays below",
            "tvmlab.arith.limits",
            "(-inf, int(other.value) + most)",
            "(-inf, int(other.value))",
        ),
        Bug(
            "joined bits reach no further than the larger side",
            "tvmlab.arith.simplify",
            "return low, min((1 << int(max(a[1], b[1])).bit_length()) - 1, a[1] + b[1])",
            "return low, max(a[1], b[1])",
        ),
        Bug(
            "a shift that wraps is a product",
            "tvmlab.arith.simplify",
            "return None if wraps else a.times(factor)",
            "return a.times(factor)",
        ),
        Bug(
            "floor division of bounds truncates",
            _LINEAR,
            "else value // divisor",
            "else int(value / divisor)",
        ),
        Bug(
            "the bound of a remainder is one too small",
            _LINEAR,
            "return 0, atom.divisor - 1",
            "return 0, atom.divisor - 2",
        ),
        Bug(
            "a remainder loses its fine part",
            _LINEAR,
            "below.times(step).plus(fine)",
            "below.times(step)",
        ),
        Bug(
            "a division loses the constant's remainder",
            _LINEAR,
            "Linear(rest, total.constant - whole * divisor)",
            "Linear(rest, 0)",
        ),
        Bug(
            "quotient and remainder of unlike strides are joined",
            _LINEAR,
            "if total.terms.get(quotient) == coefficient * atom.divisor:",
            "if total.terms.get(quotient) is not None:",
        ),
        Bug(
            "negative coefficients do not swap bounds",
            _LINEAR,
            "            a, b = b, a\n",
            "            pass\n",
        ),
        Bug(
            "nested divisors add instead of multiply",
            _LINEAR,
            "atom.divisor * divisor, ranges",
            "atom.divisor + divisor, ranges",
        ),
        Bug(
            "a remainder is reduced by a divisor that does not divide",
            _LINEAR,
            "if atom.divisor % divisor == 0:",
            "if atom.divisor > divisor:",
        ),
        Bug(
            "less-than is decided one too early",
            _SIMPLIFY,
            '_decided(e, high < 0, low >= 0),\n    "<="',
            '_decided(e, high <= 0, low >= 0),\n    "<="',
        ),
        Bug(
            "at-least is never false",
            _SIMPLIFY,
            "_decided(e, low >= 0, high < 0)",
            "_decided(e, low >= 0 or high < 0, False)",
        ),
        Bug(
            "a decided select takes the other side",
            _SIMPLIFY,
            "return expr.a if expr.condition.value else expr.b",
            "return expr.b if expr.condition.value else expr.a",
        ),
        Bug(
            "a decided min takes the other side",
            _SIMPLIFY,
            "e.a if high <= 0 else e.b if low >= 0 else e",
            "e.b if high <= 0 else e.a if low >= 0 else e",
        ),
        Bug(
            "lanes beyond the first are not bounded",
            _SIMPLIFY,
            "        hi += side.lanes - 1\n",
            "",
        ),
        Bug(
            "the last iteration of a loop is forgotten",
            _SIMPLIFY,
            "return start, start + extent - 1",
            "return start, start + max(extent - 2, 0)",
        ),
    ),
)

TE = Room(
    "te",
    ("tests/te/test_naive.py",),
    (
        Bug(
            "a reduction has no initialisation",
            _NAIVE,
            "init = stores(targets, fold.identities, self.name)",
            "init = None",
        ),
        Bug(
            "the start of a reduction axis is lost",
            _NAIVE,
            "a: it.var + Const(start, it.var.dtype)",
            "a: it.var",
        ),
        Bug(
            "a reduction forgets what it folded so far",
            _NAIVE,
            "return init, fold.reducer.update(targets, terms, self.name)",
            "return init, stores(targets, terms, self.name)",
        ),
        Bug(
            "two loads of a buffer count as one region",
            _UNSAID,
            "read.setdefault(repr(e), _box",
            "read.setdefault(e.buffer.name, _box",
        ),
        Bug(
            "a fold starts from zero whatever it folds",
            _REDUCTION,
            "tuple(_literal(self.identity(d), d) for d in kinds)",
            "tuple(_literal(0, d) for d in kinds)",
        ),
        Bug(
            "two folded values are always added",
            _REDUCTION,
            "binary(self.operator, targets[0], terms[0])",
            'binary("+", targets[0], terms[0])',
        ),
    ),
)

RECURRENCES = Room(
    "recurrences",
    (
        "tests/te/test_scan.py",
        "tests/schedule/test_refusals.py",
    ),
    (
        Bug(
            "an update stores to the step before",
            _NAIVE,
            "point[0] = self.values[self.stage.axes[0]]",
            "pass",
        ),
        Bug(
            "a cell reads the results of the step before",
            _NAIVE,
            "(self.iters[0].var if is_kept else",
            "(self.iters[0].var - 1 if is_kept else",
        ),
        Bug(
            "a block's own state counts as its accumulator",
            _UNSAID,
            "and repr(e) not in written:",
            "and e.buffer not in [r.buffer for r in written.values()]:",
        ),
        Bug(
            "a tile in registers holds what is only read",
            "tvmlab.lower.registers",
            " or not _reads_own(loop, buffer)",
            "",
        ),
        Bug(
            "a state may be read at later steps",
            "tvmlab.te.scan",
            "if load.buffer in states and high >= 0:",
            "if False:",
        ),
        Bug(
            "a cell may be looked into from outside",
            "tvmlab.te.graph",
            "if seen := shared | (own &",
            "if seen := shared & (own &",
        ),
        Bug(
            "the reference computes every step from the first",
            "tvmlab.te.evaluate",
            "first = starts if row is None else (row, *starts[1:])",
            "first = starts",
        ),
    ),
)

ROOMS = (ARITH, TE, RECURRENCES)
