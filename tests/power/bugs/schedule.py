"""Bugs in the steps: a wrong rewrite, or a check that is skipped."""

from tests.power.planting import Bug, Room

_HERE = "tvmlab.schedule.primitives"
_NEST = "tvmlab.schedule.nest"
_COMPUTE_AT = f"{_HERE}.compute_at"
_REVERSE = f"{_HERE}.reverse_compute_at"
_ROOT = f"{_HERE}.compute_root"
_REVERSE_INLINE = f"{_HERE}.reverse_compute_inline"
_INLINE = f"{_HERE}.compute_inline"
_CACHE_READ = f"{_HERE}.cache_read"
_CACHE_WRITE = f"{_HERE}.cache_write"
_DECOMPOSE = f"{_HERE}.decompose_reduction"
_TOO_SMALL = "tuple(s and type(s)(s.start, max(s.extent - 1, 1)) for s in box or ())"
_INDEPENDENT = "        require_independent(self, program, loop, site.loops)\n"

LOOPS = Room(
    "loops",
    ("tests/schedule",),
    (
        Bug(
            "split loses its predicate",
            f"{_HERE}.split",
            'where = binary("<", value, as_index(loop.extent))',
            "where = None",
        ),
        Bug(
            "split's predicate lets one more through",
            f"{_HERE}.split",
            'where = binary("<", value',
            'where = binary("<=", value',
        ),
        Bug(
            "split infers the factor rounding down",
            f"{_HERE}.split",
            "simplified((loop.extent + (known - 1)) // known)",
            "simplified(loop.extent // known) or 1",
        ),
        Bug(
            "a predicate before split is forgotten",
            "tvmlab.schedule.find",
            'predicate = binary("and", predicate, where)',
            "predicate = where",
        ),
        Bug(
            "fuse exchanges quotient and remainder",
            f"{_HERE}.fuse",
            "above if is_outermost else above % as_index(loop.extent)",
            "above % as_index(loop.extent) if is_outermost else above",
        ),
        Bug(
            "fuse forgets the innermost of three extents",
            f"{_HERE}.fuse",
            "extent = simplified(loop.extent * extent)",
            "extent = loop.extent",
        ),
        Bug(
            "fuse takes a fold and a spatial loop together",
            f"{_HERE}.fuse",
            "if len(set().union(*kinds.values())) > 1:",
            "if False:",
        ),
        Bug(
            "reorder takes a repetition into a fold",
            f"{_HERE}.reorder",
            "            self._require_folds_once(path[-1], order)\n",
            "",
        ),
        Bug(
            "reorder does not ask whether blocks exchange values",
            f"{_HERE}.reorder",
            "if found is not None:",
            "if False:",
        ),
        Bug(
            "vectorize does not ask for independence",
            f"{_HERE}.vectorize",
            _INDEPENDENT,
            "",
        ),
        Bug(
            "vectorize takes several blocks at once",
            f"{_HERE}.vectorize",
            "if len(list(blocks(loop.body))) > 1:",
            "if False:",
        ),
        Bug("parallel does not ask for independence", f"{_HERE}.parallel", _INDEPENDENT, ""),
        Bug(
            "parallel nests in unrolled and parallel loops",
            f"{_HERE}.parallel",
            "if outer is not None:",
            "if False:",
        ),
    ),
)

PLACES = Room(
    "places",
    ("tests/schedule",),
    (
        Bug(
            "a new nest computes one element too few",
            _NEST,
            "total if span is None else span.extent, block)",
            "total if span is None else max(span.extent - 1, 1), block)",
        ),
        Bug(
            "a new nest is not clipped above",
            _NEST,
            "if interval(start - total, known)[1] >= 0:",
            "if False:",
        ),
        Bug(
            "a new nest is not clipped below",
            _NEST,
            "if interval(start, known)[0] < 0:",
            "if False:",
        ),
        Bug(
            "compute_at moves an output",
            _COMPUTE_AT,
            "if target in program.params:",
            "if False:",
        ),
        Bug(
            "compute_at forgets readers outside the loop",
            _COMPUTE_AT,
            "if read is not None and other.block.name not in inside:",
            "if False:",
        ),
        Bug(
            "compute_at computes after the reader",
            _COMPUTE_AT,
            "Seq([*parts[:n], nest, *parts[n:]])",
            "Seq([*parts[: n + 1], nest, *parts[n + 1 :]])",
        ),
        Bug(
            "reverse_compute_at uses unfinished elements",
            _REVERSE,
            "if it.is_reduce and carried:",
            "if False:",
        ),
        Bug(
            "reverse_compute_at takes any shape for a box",
            _REVERSE,
            "        self._require_box(producer, loop, region.buffer)\n",
            "",
        ),
        Bug(
            "reverse_compute_at folds over what is not all written",
            _REVERSE,
            "if point is not None and point.var in folded and not is_whole:",
            "if False:",
        ),
        Bug(
            "reverse_compute_at forgets a shift",
            _REVERSE,
            "Linear({}, -point.shift)",
            "Linear({}, 0)",
        ),
        Bug(
            "reverse_compute_at computes before the producer",
            _REVERSE,
            "[*body.stmts, nest] if isinstance(body, Seq) else [body, nest]",
            "[nest, *body.stmts] if isinstance(body, Seq) else [nest, body]",
        ),
        Bug(
            "reverse_compute_at overtakes another producer",
            _REVERSE,
            "        self._require_ready(program, site.block, producer, loop)\n",
            "",
        ),
        Bug(
            "compute_root puts a producer after its readers",
            _ROOT,
            "after=not is_read_there",
            "after=True",
        ),
        Bug(
            "compute_root moves what reads and is read",
            _ROOT,
            "if reader is not None and writer is not None:",
            "if False:",
        ),
        Bug(
            "reverse_compute_inline forgets what is not read",
            _REVERSE_INLINE,
            'where = binary("and", producer.block.where, read_by_some)',
            "where = producer.block.where",
        ),
        Bug(
            "reverse_compute_inline forgets the producer's predicate",
            _REVERSE_INLINE,
            'where = binary("and", producer.block.where, read_by_some)',
            "where = read_by_some",
        ),
        Bug(
            "reverse_compute_inline leaves the padding out",
            _REVERSE_INLINE,
            "if interval(index, ranges)[0] < 0 or interval(index - extents[of], ranges)[1] >= 0:",
            "if False:",
        ),
        Bug(
            "reverse_compute_inline forgets other readers",
            _REVERSE_INLINE,
            "if reads and other.block is not site.block:",
            "if False:",
        ),
        Bug(
            "reverse_compute_inline forgets the shift of an index",
            "tvmlab.schedule.inverse",
            "e - o if o else e for e, o",
            "e for e, o",
        ),
        Bug(
            "compute_inline exchanges indices",
            _INLINE,
            "zip(order, e.indices, strict=True)",
            "zip(order, e.indices[::-1], strict=True)",
        ),
        Bug(
            "compute_inline takes a fold for an expression",
            "tvmlab.schedule.definition",
            "if block.init is not None or folded:",
            "if False:",
        ),
        Bug(
            "cache_read copies one element too few",
            _CACHE_READ,
            "copy_nest(name, source, copy, box)",
            f"copy_nest(name, source, copy, {_TOO_SMALL} or None)",
        ),
        Bug(
            "cache_read copies what is not yet written",
            _CACHE_READ,
            "if writer is not None:",
            "if False:",
        ),
        Bug(
            "cache_write stores one element too few",
            _CACHE_WRITE,
            "own, target, box)",
            f"own, target, {_TOO_SMALL} or None)",
        ),
        Bug("cache_write stores before it computes", _CACHE_WRITE, "after=True", "after=False"),
        Bug(
            "cache_write forgets readers in the same loops",
            _CACHE_WRITE,
            "if others:",
            "if False:",
        ),
        Bug(
            "decompose_reduction initialises afterwards",
            _DECOMPOSE,
            "Seq([nest, loop])",
            "Seq([loop, nest])",
        ),
        Bug(
            "decompose_reduction initialises in every round",
            _DECOMPOSE,
            "if _feeds(site.block, outer, reduce=True):",
            "if False:",
        ),
        Bug(
            "decompose_reduction drops a repeating loop",
            _DECOMPOSE,
            "if repeats and not same_extent(inner.extent, 1):",
            "if False:",
        ),
    ),
)

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
            "copies = value * copies_of(program, loop) // _copies(loop)",
            "copies = value",
        ),
    ),
)

AXES = Room(
    "axes",
    (
        "tests/schedule/test_bind.py",
        "tests/schedule/test_refusals.py",
    ),
    (
        Bug(
            "bind does not ask for independence",
            f"{_HERE}.bind",
            "        require_independent(self, program, loop, site.loops)\n",
            "",
        ),
        Bug(
            "an axis may have two extents in one kernel",
            "tvmlab.ir.axis",
            "if axis not in VIRTUAL_AXES and known != loop.extent:",
            "if False:",
        ),
        Bug(
            "bind hands the memory of one thread to others",
            f"{_HERE}.bind",
            "        self._require_memories(after)\n",
            "",
        ),
        Bug(
            "a block may stand inside a thread",
            "tvmlab.ir.axis",
            "if axis in BLOCK_AXES and inner is not None:",
            "if False:",
        ),
        Bug(
            "only the first axis of a kernel counts its threads",
            "tvmlab.ir.axis",
            "prod(extents.get(axis, 1) for axis in THREAD_AXES)",
            "max(extents.get(axis, 1) for axis in THREAD_AXES)",
        ),
        Bug(
            "every block axis is shared out, one inside the other",
            "tvmlab.lower.axes",
            "if inside and not is_shared_out else",
            "if inside else",
        ),
        Bug(
            "a parallel loop may hold blocks",
            f"{_HERE}.parallel",
            'for k in ("parallel", "bound")',
            'for k in ("parallel",)',
        ),
    ),
)

_PARTITION = f"{_HERE}.partition"

PARTS = Room(
    "parts",
    (
        "tests/schedule/test_partition.py",
        "tests/schedule/test_refusals.py",
    ),
    (
        Bug(
            "a part counts from the first iteration",
            _PARTITION,
            "{part.var: part.var + first} if first else {}",
            "{}",
        ),
        Bug(
            "a part begins the fold anew",
            _PARTITION,
            "return s.replace(init=None)",
            "return None",
        ),
        Bug(
            "the last part ends one too early",
            _PARTITION,
            "part.replace(extent=end - first)",
            "part.replace(extent=max(end - first - (end == loop.extent), 1))",
        ),
        Bug(
            "the tail begins one too late",
            _PARTITION,
            "        return holds\n",
            "        return min(holds + 1, loop.extent - 1)\n",
        ),
        Bug(
            "parts share what each iteration keeps",
            "tvmlab.schedule.duplicate",
            "return [b for b in written if b in program.buffers and is_private(program, loop, b)]",
            "return []",
        ),
        Bug(
            "a reader moves into one of the parts",
            _REVERSE,
            "        self._require_whole(program, producer, region.buffer)\n",
            "",
        ),
        Bug(
            "a part is factored as if it were all",
            f"{_HERE}.rfactor",
            "            self.require_only_writer(program, block, written.buffer)\n",
            "            pass\n",
        ),
    ),
)

PARTING = Room(
    "parting",
    (
        "tests/schedule/test_kept.py",
        "tests/schedule/test_refusals.py",
        "tests/schedule/test_metamorphic.py",
    ),
    (
        Bug(
            "what is written twice is settled",
            "tvmlab.analysis.repetition",
            "    return found - spoiled\n",
            "    return found\n",
        ),
        Bug(
            "merge does not ask what overtakes what",
            f"{_HERE}.merge",
            "found = overtaking(program, second.body, second, first.body, first)",
            "found = None",
        ),
        Bug(
            "merge asks about the loops the wrong way round",
            f"{_HERE}.merge",
            "overtaking(program, second.body, second, first.body, first)",
            "overtaking(program, first.body, first, second.body, second)",
        ),
        Bug(
            "merge runs the second body first",
            f"{_HERE}.merge",
            "in_a_row(bodies)",
            "in_a_row(bodies[::-1])",
        ),
        Bug(
            "fission does not ask what overtakes what",
            "tvmlab.schedule.distribute",
            "        if found is not None:\n            raise",
            "        if False:\n            raise",
        ),
        Bug(
            "reorder forgets what stood behind the nest",
            f"{_HERE}.reorder",
            "in_a_row([*before, body, *after])",
            "in_a_row([*before, body])",
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
            "if loop is parallel or axis_of(loop) in VIRTUAL_AXES:",
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
            "{loop.var: loop.var + distance}",
            "{loop.var: loop.var + 0}",
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

ROOMS = (LOOPS, PLACES, PRAGMAS, PREFETCHES, AXES, PARTS, PARTING, PIPELINES)
