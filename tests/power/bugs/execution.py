"""Bugs in what says how a loop runs: pragmas, software pipelines, prefetches."""

from tests.power.planting import Bug, Room

_HERE = "tvmlab.schedule.primitives"

PRAGMAS = Room(
    "pragmas",
    (
        "tests/schedule/test_annotate.py",
        "tests/schedule/test_refusals.py",
        "tests/lower/test_rounds.py",
    ),
    (
        Bug(
            "an annotated loop is split like any other",
            "tvmlab.schedule.step",
            "        if loop.annotations:\n",
            "        if False:\n",
        ),
        Bug(
            "annotate puts a second value beside the first",
            f"{_HERE}.annotate",
            "if k != self.key)",
            "if True)",
        ),
        Bug(
            "rounds forget the rest",
            "tvmlab.lower.rounds",
            "    if rest:\n",
            "    if rest and not rounds:\n",
        ),
        Bug(
            "the rest of the rounds begins one too early",
            "tvmlab.lower.rounds",
            "Const(rounds * factor, INDEX)",
            "Const(rounds * factor - 1, INDEX)",
        ),
        Bug(
            "unrolling by rounds is counted once",
            "tvmlab.schedule.pragmas",
            "copies = value * copies_of(program, loop) // times_written([loop])",
            "copies = value",
        ),
    ),
)

_PIPELINING = "tvmlab.analysis.pipelining"

PIPELINES = Room(
    "pipelines",
    ("tests/schedule/test_pipelined.py", "tests/analysis/test_pipelining.py"),
    (
        Bug(
            "one version too few",
            _PIPELINING,
            "return max(touching) - min(touching) + 1 if touching else 1",
            "return max(max(touching) - min(touching), 1) if touching else 1",
        ),
        Bug(
            "statements change places within an iteration",
            _PIPELINING,
            "if (stages[a], order[a]) > (stages[b], order[b]):",
            "if stages[a] > stages[b]:",
        ),
        Bug(
            "a stage runs over what a later one needs",
            _PIPELINING,
            "    if found is None:\n",
            "    if True:\n",
        ),
        Bug(
            "the pipeline is emptied one step short",
            "tvmlab.lower.pipelines",
            "range(extent, extent + last)",
            "range(extent, extent + last - 1)",
        ),
        Bug(
            "the steady part lags behind",
            "tvmlab.lower.pipelines",
            "var + (last - stage) if last - stage else var",
            "var + (last - stage - 1) if last - stage > 1 else var",
        ),
        Bug(
            "the order of a pipeline is not heeded",
            "tvmlab.lower.pipelines",
            "sorted(range(len(parts)), key=order.__getitem__)",
            "sorted(range(len(parts)), key=order.index)",
        ),
        Bug(
            "registers hold what is read and never loaded",
            "tvmlab.lower.registers",
            " or not _reads_own(loop, buffer):",
            ":",
        ),
        Bug(
            "virtual threads share what each fills",
            "tvmlab.lower.storage",
            "if loop is parallel or _keeps_apart(axis_of(loop), buffer.scope):",
            "if loop is parallel:",
        ),
        Bug(
            "virtual threads pass a condition of their own",
            "tvmlab.lower.virtual_threads",
            "    if isinstance(stmt, If) and not _uses(stmt, threads.var) and",
            "    if isinstance(stmt, If) and",
        ),
        Bug(
            "later steps may break a promise",
            "tvmlab.schedule.step",
            "            if has_promises(program):\n",
            "            if False:\n",
        ),
    ),
)

PREFETCHES = Room(
    "prefetches",
    ("tests/schedule/test_prefetch.py", "tests/schedule/test_refusals.py"),
    (
        Bug(
            "what this iteration reads is asked for",
            "tvmlab.lower.prefetches",
            "{along: along + ahead.distance}",
            "{along: along + 0}",
        ),
        Bug(
            "hints in a loop inside look ahead along that one",
            "tvmlab.lower.prefetches",
            "        if ahead.along:\n",
            "        if False:\n",
        ),
        Bug(
            "a result passes the caches by although it is read at once",
            "tvmlab.analysis.streaming",
            "    if reader is not None:\n",
            "    if False:\n",
        ),
        Bug(
            "lanes that write columns pass the caches by",
            "tvmlab.analysis.streaming",
            "return bool(steps) and steps[-1] == 1 and not any(steps[:-1])",
            "return bool(steps)",
        ),
        Bug(
            "every lane asks for its line",
            "tvmlab.lower.prefetches",
            "return max(LINE_BYTES // step, 1) if step else 1",
            "return 1",
        ),
        Bug(
            "a diagonal is asked for as if it lay in a line",
            "tvmlab.lower.prefetches",
            "if any(var in variables(i) for i in indices[:-1]):",
            "if False:",
        ),
        Bug(
            "a hint reads the element",
            "tvmlab.targets.cpu.emit_memory",
            'cx.text.line(f"call void @llvm.prefetch.p0(ptr {pointer}, i32 0, i32 3, i32 1)")',
            "cx.text.line(f\"{cx.text.define(f'%{cx.text.fresh()}')} = "
            'load volatile i8, ptr {pointer}")',
        ),
        Bug(
            "a loop that stays where it is asks for the next",
            "tvmlab.analysis.prefetching",
            "if not any(loop.var in variables(i) for indices in read for i in indices):",
            "if False:",
        ),
    ),
)

ROOMS = (PRAGMAS, PIPELINES, PREFETCHES)
