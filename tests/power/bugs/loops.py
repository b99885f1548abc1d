"""Bugs in the steps on loops: a wrong rewrite, or a check that is skipped."""

from tests.power.planting import Bug, Room

_HERE = "tvmlab.schedule.primitives"
_INDEPENDENT = "        require_independent(self, program, loop, site.loops)\n"
_REVERSE = f"{_HERE}.reverse_compute_at"

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
            "if axis not in VIRTUAL_AXES and not same_extent(known, loop.extent):",
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
            "threads = prod(e for axis in THREAD_AXES",
            "threads = max(e for axis in THREAD_AXES",
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

ROOMS = (LOOPS, AXES, PARTS, PARTING)
