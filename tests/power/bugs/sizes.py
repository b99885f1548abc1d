"""Bugs in what is known of sizes: a bound that is too good, a shape or an argument mistaken."""

from tests.power.planting import Bug, Room

_POLYNOMIAL = "tvmlab.arith.polynomial"

SIZES = Room(
    "sizes",
    (
        "tests/arith/test_polynomial.py",
        "tests/ir/test_shapes.py",
        "tests/lower/test_sizes.py",
        "tests/schedule/test_sizes.py",
        "tests/targets/test_cpu_sizes.py",
    ),
    (
        Bug(
            "a quotient's remainder is taken to be nothing",
            _POLYNOMIAL,
            "slack = 0 if above else atom.divisor - 1",
            "slack = 0",
        ),
        Bug(
            "a product of unknown sign is bounded as if it were positive",
            _POLYNOMIAL,
            "if sign == 0:\n        return None",
            "if sign == 0:\n        sign = 1",
        ),
        Bug(
            "a fused loop is one row longer",
            _POLYNOMIAL,
            "if highest is not None and highest <= -1:",
            "if highest is not None:",
        ),
        Bug(
            "a maximum is bounded by its smaller side",
            _POLYNOMIAL,
            "return max(known) if len(known) == len(found) else None",
            "return min(known, default=None)",
        ),
        Bug(
            "the greatest value of a size is taken for granted",
            _POLYNOMIAL,
            "if span is None:\n                    return None",
            "if span is None:\n                    span = 64",
        ),
        Bug(
            "whole tiles are one too many",
            "tvmlab.lower.predicates",
            "always = simplified((slack + factor - 1 - highest) // factor)",
            "always = simplified((slack + factor - highest) // factor)",
        ),
        Bug(
            "loops over sizes never meet",
            "tvmlab.analysis.digits",
            "inf if top == inf else -(-top // weight)",
            "-(-top // weight)",
        ),
        Bug(
            "two inputs may disagree",
            "tvmlab.ir.shapes",
            "if values.setdefault(extent, number) != number:",
            "if values.setdefault(extent, number) < 0:",
        ),
        Bug(
            "a stride over sizes is forgotten",
            "tvmlab.targets.cpu.emit_index",
            'return expr if by is None else fold("*", expr, by)',
            "return expr",
        ),
        Bug(
            "scratch memory of the last call's size is used again",
            "tvmlab.targets.cpu.run",
            "found = self._layouts.get(key)",
            "found = next(iter(self._layouts.values()), None)",
        ),
    ),
)

ROOMS = (SIZES,)
