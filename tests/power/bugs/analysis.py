"""Bugs in what schedules and lowering believe about a program."""

from tests.power.planting import Bug, Room

_PARALLELISM = "tvmlab.analysis.parallelism"
_REGIONS = "tvmlab.analysis.regions"

ANALYSIS = Room(
    "analysis",
    ("tests/analysis", "tests/schedule", "tests/lower"),
    (
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
            "return Seq(parts[:n])",
            "return body",
        ),
        Bug(
            "a fold's iterations are independent",
            _PARALLELISM,
            "if it.is_reduce and loop.var in variables(binding):",
            "if False:",
        ),
        Bug(
            "a block that reads what another writes is independent",
            _PARALLELISM,
            "for region in (*other.reads, *other.writes):",
            "for region in other.writes:",
        ),
        Bug(
            "a box may stick out by one",
            _REGIONS,
            "if distance.constant + b.extent > a.extent:",
            "if distance.constant + b.extent > a.extent + 1:",
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
            "int(high - low) + 1)",
            "max(int(high - low), 1))",
        ),
        Bug(
            "the union of two boxes begins at the first",
            _REGIONS,
            "low, high = min(0, apart), max(",
            "low, high = 0, max(",
        ),
        Bug(
            "the union of two boxes ends with the first",
            _REGIONS,
            "max(a.extent, apart + b.extent)",
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
