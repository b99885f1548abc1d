"""Bugs in what schedules and lowering believe about a program."""

from tests.power.planting import Bug, Room

_PARALLELISM = "tvmlab.analysis.parallelism"
_CONFLICTS = "tvmlab.analysis.conflicts"
_DIGITS = "tvmlab.analysis.digits"
_POLYHEDRA = "tvmlab.analysis.polyhedra"
_FILLED = "tvmlab.analysis.filled"
_REGIONS = "tvmlab.analysis.regions"
_CONSTANT = "tvmlab.analysis.constant_part"

ANALYSIS = Room(
    "analysis",
    ("tests/analysis", "tests/schedule", "tests/lower"),
    (
        Bug(
            "what reads an input of each call is made once",
            _CONSTANT,
            "is_ours and n.read <= fixed and n.written <= may_keep",
            "is_ours and n.written <= may_keep",
        ),
        Bug(
            "what is made of constants may be overwritten by each call",
            _CONSTANT,
            "(is_read or not is_ours)",
            "is_read",
        ),
        Bug(
            "what is made of constants may be made anew after it was read",
            _CONSTANT,
            "(is_read or not is_ours)",
            "not is_ours",
        ),
        Bug(
            "an intermediate of the first half is kept by the second alone",
            _CONSTANT,
            "b in made and b in read_then]",
            "b in made and b not in read_then]",
        ),
        Bug(
            "every buffer is private",
            _PARALLELISM,
            "    if buffer not in program.buffers:\n        return False\n",
            "    return True\n",
        ),
        Bug(
            "an output is private",
            _PARALLELISM,
            "    if buffer not in program.buffers:\n        return False\n",
            "",
        ),
        Bug(
            "a buffer read outside the loop is private",
            _PARALLELISM,
            "if id(block) not in inside and buffer in _buffers(block):",
            "if False:",
        ),
        Bug(
            "what is read need not be written before",
            _PARALLELISM,
            "if not writes_first(part, buffer, ranges, earlier):",
            "if False:",
        ),
        Bug(
            "a fold's iterations are independent",
            _PARALLELISM,
            "if it.is_reduce and loop.var in variables(binding):",
            "if False:",
        ),
        Bug(
            "a block that reads what another writes is independent",
            _CONFLICTS,
            "(a.is_write or b.is_write)",
            "(a.is_write and b.is_write)",
        ),
        Bug(
            "iterations that follow each other are not compared",
            _DIGITS,
            "parts.append((of_b, (1, x.extent - 1)))",
            "parts.append((of_b, (2, x.extent - 1)))",
        ),
        Bug(
            "only the first index tells elements apart",
            _POLYHEDRA,
            'text.require(f"{name} = {index}" if index else "true")\n    iterations',
            'text.require(f"{name} = {index}" if name == "e0" else "true")\n    iterations',
        ),
        Bug(
            "what another iteration wrote counts as written",
            _POLYHEDRA,
            "            later = later.equate(isl.dim_type.in_, n, isl.dim_type.out, n)\n",
            "            pass\n",
        ),
        Bug(
            "a box written in steps of two has no gaps",
            _FILLED,
            "if abs(coefficient) > reached:",
            "if abs(coefficient) > reached + 1:",
        ),
        Bug(
            "a block writes its box whatever its predicate leaves out",
            _FILLED,
            "return whole and all(_is_domain(c, bindings) for c in conjuncts(block.where))",
            "return True",
        ),
        Bug(
            "a number fills rows although it skips elements",
            _FILLED,
            "    if not _has_no_gaps(inner, 1, local, known):\n        return None\n",
            "",
        ),
        Bug(
            "a number may begin in one row and end in the next",
            _FILLED,
            "        if low < 0 or high + extent > extents[n]:\n            return None\n",
            "",
        ),
        Bug(
            "what is left of a number's beginning is forgotten",
            _FILLED,
            "    if rest.terms or rest.constant:\n        return None\n",
            "",
        ),
        Bug(
            "a box may stick out by one",
            _REGIONS,
            "if excess(distance.constant + b.extent, a.extent)[1] > 0:",
            "if excess(distance.constant + b.extent, a.extent)[1] > 1:",
        ),
        Bug(
            "a box may begin before another that covers it",
            _REGIONS,
            "if distance.terms or distance.constant < 0:",
            "if distance.terms:",
        ),
        Bug(
            "the box of an index is one too small",
            _REGIONS,
            "high.plus(low, -1).plus(Linear({}, 1))",
            "high.plus(low, -1)",
        ),
        Bug(
            "the union of two boxes begins at the first",
            _REGIONS,
            "low, high = min(0, apart), larger(",
            "low, high = 0, larger(",
        ),
        Bug(
            "the union of two boxes ends with the first",
            _REGIONS,
            "larger(a.extent, simplified(apart + b.extent))",
            "a.extent",
        ),
        Bug(
            "an index that is data is taken for its own value",
            _REGIONS,
            "if any(isinstance(e, Load) for e in exprs(start)):",
            "if False:",
        ),
    ),
)

ROOMS = (ANALYSIS,)
