"""Facts about integer expressions: normal form, bounds, divisibility.

Everything here concerns `int64` index expressions as mathematical integers: loop variables and
shapes are far from overflow, which the verifier's bounds on extents guarantee.
"""

from tvmlab.arith.bounds import Interval, Ranges, bounds
from tvmlab.arith.simplify import simplify, simplify_stmt

__all__ = ["Interval", "Ranges", "bounds", "simplify", "simplify_stmt"]
