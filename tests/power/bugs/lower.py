"""Bugs in the passes."""

from tests.power.planting import Bug, Room

_ABSENT = "tvmlab.lower.absent"
_STORAGE = "tvmlab.lower.storage"
_FUSED = "tvmlab.lower.fused"
_INITIALISE = "tvmlab.lower.initialise"
_PREDICATES = "tvmlab.lower.predicates"
_REGISTERS = "tvmlab.lower.registers"
_TILE = "tvmlab.lower.tile"
_TOUCHED = "tvmlab.lower.touched"
_VECTORIZE = "tvmlab.lower.vectorize"

LOWER = Room(
    "lower",
    ("tests/lower",),
    (
        Bug(
            "terms are skipped that count",
            _ABSENT,
            "or not _is_neutral(value.op, term.b)",
            "",
        ),
        Bug("a product's skipped factor is zero", _ABSENT, '"*": 1', '"*": 0'),
        Bug(
            "a condition that stays is forgotten",
            _ABSENT,
            "Select(conjunction(inside), term.a, term.b) if inside else term.a",
            "term.a",
        ),
        Bug(
            "sums that a position does not update are not stored",
            _REGISTERS,
            "if not any(v in o.terms for a in known for o in a.offsets)",
            "",
        ),
        Bug("storage keeps the whole buffer's index", _STORAGE, 'Binary("-", i, o)', "i"),
        Bug(
            "storage forgets where an origin starts",
            _STORAGE,
            "return iters[-1].var + origin.low",
            "return iters[-1].var",
        ),
        Bug(
            "threads share one box",
            _STORAGE,
            'parallel = next((o for o in around if o.kind == "parallel"), None)',
            "parallel = None",
        ),
        Bug(
            "each lane owns a box that all share",
            "tvmlab.analysis.ownership",
            "    around = around[:lanes]\n",
            "",
        ),
        Bug(
            "initialisation is dropped",
            _INITIALISE,
            "placed.append(substitute_stmt(start.nest, start.renamed))",
            "pass",
        ),
        Bug(
            "initialisation stands after its loops",
            _INITIALISE,
            "Seq([*placed, new])",
            "Seq([new, *placed])",
        ),
        Bug(
            "initialisation is repeated by outer reductions",
            _INITIALISE,
            "        if start.awaited:\n",
            "        if False:\n",
        ),
        Bug(
            "initialisation loses its predicate",
            _INITIALISE,
            "conjunction(p for p in parts if not variables(p) & reducing)",
            "conjunction(())",
        ),
        Bug(
            "initialisation is one iteration short",
            _INITIALISE,
            "For(copy, loop.extent, start.nest",
            "For(copy, max(loop.extent - 1, 1), start.nest",
        ),
        Bug(
            "a guarded initialisation waits for the second round",
            _INITIALISE,
            'binary("==", it.var, Const(0, it.var.dtype))',
            'binary("==", it.var, Const(1, it.var.dtype))',
        ),
        Bug(
            "a block's predicate is dropped",
            "tvmlab.lower.bind",
            "guarded(conjuncts(block.where),",
            "guarded([],",
        ),
        Bug(
            "only the first of several conditions is kept",
            "tvmlab.ir.conjuncts",
            "conjuncts(condition.a) + conjuncts(condition.b)",
            "conjuncts(condition.a)",
        ),
        Bug(
            "a condition is hoisted out of a loop it depends on",
            _PREDICATES,
            "c for c in conditions if stmt.var in variables(c) or written & buffers_read(c)]",
            "c for c in conditions[1:] if stmt.var in variables(c)]",
        ),
        Bug(
            "a hoisted condition is lost",
            _PREDICATES,
            "    for condition in reversed(outside):\n        result = If(condition, result)\n",
            "",
        ),
        Bug(
            "full tiles reach into the tail",
            _PREDICATES,
            "return -((int(high) - slack) // factor)",
            "return -((int(low) - slack) // factor)",
        ),
        Bug("the tail is dropped", _PREDICATES, "If(test, main, tail)", "If(test, main)"),
        Bug(
            "the tail runs the first tile's iteration",
            _PREDICATES,
            "{loop.var: as_index(full)})",
            "{loop.var: as_index(0)})",
        ),
        Bug(
            "a loop is cut where it still runs",
            _PREDICATES,
            "excess(end, limit[1])[0] >= 0",
            "excess(end, limit[0])[0] >= 0",
        ),
        Bug(
            "a part of a fused loop has a value too few",
            _FUSED,
            "(part, high + 1)",
            "(part, high)",
        ),
        Bug(
            "parts that never run are run",
            _FUSED,
            "return s.body if is_whole else If(",
            "return s.body if True else If(",
        ),
        Bug("parts begin below zero", _FUSED, "if low >= 0 and", "if"),
        Bug(
            "a loop is cut though part of it has no condition",
            _PREDICATES,
            "return bool(below) and all(",
            "return bool(below) and any(",
        ),
        Bug(
            "registers are not stored back",
            _REGISTERS,
            "Seq([start, *_flat(inside), end])",
            "Seq([start, *_flat(inside)])",
        ),
        Bug(
            "registers start with any nest before the loop",
            _REGISTERS,
            "if _sets_exactly(stmt, buffer, touched):",
            "if not list(accesses(stmt, buffer))[1:]:",
        ),
        Bug(
            "vectors that overlap share registers",
            _TILE,
            "if lanes > 1 and not all(",
            "if False and not all(",
        ),
        Bug(
            "elements at different places share registers",
            _TILE,
            "fixed.append(rest.key())",
            "fixed.append(0)",
        ),
        Bug(
            "a tile does not begin at its first element",
            _TILE,
            "offset.constant - first)",
            "offset.constant)",
        ),
        Bug(
            "registers are stored back beyond their condition",
            _TOUCHED,
            "return If(branch.condition, then, None if otherwise is NOTHING else otherwise)",
            "return then",
        ),
        Bug(
            "nests of different extents set the same elements",
            _TOUCHED,
            "if not same_extent(a.extent, b.extent):",
            "if False:",
        ),
        Bug(
            "a local tile need not be set before it is read",
            "tvmlab.lower.localise",
            "if not _sets_all(using[0], buffer, tile, used):",
            "if False:",
        ),
        Bug(
            "what only reads a buffer does not use it",
            "tvmlab.lower.localise",
            "own.update(x.buffer for e in exprs_of(stmt) for x in exprs(e) if isinstance(x, Load))",
            "pass",
        ),
        Bug(
            "lanes lose their stride",
            _VECTORIZE,
            "Const(factor, INDEX))",
            "Const(1, INDEX))",
        ),
        Bug(
            "lanes count from zero",
            _VECTORIZE,
            "return Ramp(base, lanes)",
            "return Ramp(Const(0, INDEX), lanes)",
        ),
        Bug(
            "the other side of a branch in lanes is lost",
            _VECTORIZE,
            "return Seq([If(condition, then), If(~condition, otherwise)])",
            "return If(condition, then)",
        ),
    ),
)

_SCRATCH = "tvmlab.lower.scratch"

SCRATCH = Room(
    "scratch",
    ("tests/lower/test_scratch.py", "tests/targets/test_cpu_emit_text.py"),
    (
        Bug(
            "what other loops use goes on the stack",
            _SCRATCH,
            "mine = [b for b in kept if not any(_uses(p, b) for p in others)]",
            "mine = kept",
        ),
        Bug("the stack holds everything", _SCRATCH, "box.size_bytes > left", "False"),
        Bug("each box has all of the stack", _SCRATCH, "left -= box.size_bytes", "left -= 0"),
        Bug("any element is an iteration's own", _SCRATCH, "return first is var", "return True"),
        Bug(
            "a number is any iteration's own",
            _SCRATCH,
            "return len(self.when) == 1 and first.value",
            "return first.value",
        ),
        Bug(
            "memory of the stack is made in every iteration",
            "tvmlab.targets.cpu.emit_statement",
            'cx.text.entry.append(f"  {pointer} = {memory}")',
            'cx.text.line(f"{pointer} = {memory}")',
        ),
    ),
)

ROOMS = (LOWER, SCRATCH)
