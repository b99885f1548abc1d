"""Bugs where several values are folded together, and where folds become trees of lanes."""

from tests.power.planting import Bug, Room

_FOLD = "tvmlab.ir.fold"
_TREES = "tvmlab.lower.trees"
_VECTORIZE = "tvmlab.lower.vectorize"
_VALUE = "tvmlab.targets.cpu.emit_value"

FOLDS = Room(
    "folds",
    (
        "tests/te/test_reducers.py",
        "tests/schedule/test_folds.py",
        "tests/schedule/test_rfactor.py",
        "tests/lower/test_trees.py",
    ),
    (
        Bug(
            "the second result sees the first one's new value",
            _FOLD,
            "results = self.combine(tuple(named[:half]), tuple(named[half:]))",
            "results = self.combine(tuple(targets), tuple(named[half:]))",
        ),
        Bug(
            "NaN is no value to be found",
            "tvmlab.te.reducers",
            "beats | ((y != y) & (x == x)), ties",
            "beats, ties",
        ),
        Bug(
            "of equal values the last one met wins",
            "tvmlab.te.reducers",
            "second = beats | (ties & (j < i))",
            "second = beats | ties",
        ),
        Bug(
            "only the first result is started",
            "tvmlab.lower.initialise",
            "block.init.stmts if isinstance(block.init, Seq) else (block.init,)",
            "block.init.stmts[:1] if isinstance(block.init, Seq) else (block.init,)",
        ),
        Bug(
            "an accumulator that nobody reads is shared by all elements",
            "tvmlab.analysis.parallelism",
            "return any(it.is_reduce and variables(b) - here for it, b in bound)",
            "return False",
        ),
        Bug(
            "a named value counts as a start of its accumulator",
            "tvmlab.lower.registers",
            "return not reads and _is_set_inside(stmt.body, buffer)",
            "return _is_set_inside(stmt.body, buffer)",
        ),
        Bug(
            "what lies beyond a reduction is folded",
            "tvmlab.schedule.primitives.rfactor",
            "[select(within, t, e) for t, e",
            "[t for t, e",
        ),
        Bug(
            "a partial result acts beyond the elements there are",
            "tvmlab.schedule.primitives.rfactor",
            "conjunction(c for c in parts if not variables(c) & of_loop.keys())",
            "TRUE",
        ),
        Bug(
            "partial results start from the second identity",
            "tvmlab.schedule.primitives.rfactor",
            "        stores(targets, starts, name),\n",
            "        stores(targets, starts[::-1], name),\n",
        ),
        Bug(
            "a named vector is as long as it was",
            _VECTORIZE,
            "named = Local(s.var.name, s.var.dtype, value.lanes)",
            "named = Local(s.var.name, s.var.dtype, 1)",
        ),
        Bug(
            "the upper half of a tree is the lower one",
            _TREES,
            "rest = _part(values, 0, half), _part(values, half, lanes - half)",
            "rest = _part(values, 0, half), _part(values, 0, lanes - half)",
        ),
        Bug(
            "a tree forgets the lanes beyond a power of two",
            _TREES,
            'return self.named(self.combined(first, rest), "both")',
            'return self.named(first, "both")',
        ),
        Bug(
            "lanes are counted from the machine vector's first",
            _VALUE,
            'f"i32 {at + n}" for n in range(wanted)',
            'f"i32 {n}" for n in range(wanted)',
        ),
        Bug(
            "a named vector keeps its last machine vector alone",
            "tvmlab.targets.cpu.emit_statement",
            "cx.named[stmt.var, chunk.start] = evaluate",
            "cx.named[stmt.var, 0] = evaluate",
        ),
    ),
)

ROOMS = (FOLDS,)
