"""Bugs in what makes kernels of bound loops: threads, barriers, memories."""

from tests.power.planting import Bug, Room

_TESTS = ("tests/lower/test_device_pipeline.py", "tests/ir/test_interpret_threads.py")

KERNELS = Room(
    "kernels",
    _TESTS,
    (
        Bug(
            "what stands outside the threads is done by all",
            "tvmlab.lower.threads",
            "    return guarded(first, stmt)\n",
            "    return stmt\n",
        ),
        Bug(
            "no barrier between one iteration and the next",
            "tvmlab.lower.barriers",
            "            if is_handed_on(a, b, self.blocks, self.threads, place, body.waits)\n",
            "            if False\n",
        ),
        Bug(
            "a barrier is forgotten after a barrier",
            "tvmlab.lower.barriers",
            "last = part.last if part.waits else (*last, *part.last)",
            "last = part.last",
        ),
        Bug(
            "threads only hand on to later ones",
            "tvmlab.analysis.exchange",
            "a{n} < b{n} or a{n} > b{n}",
            "a{n} < b{n}",
        ),
        Bug(
            "space is shared a statement too early",
            "tvmlab.lower.reuse",
            "if end < first and",
            "if end <= first and",
        ),
        Bug(
            "a sum over launches stays in a register",
            "tvmlab.lower.registers",
            'if loop.kind not in ("serial", "unrolled") or has_kernels(loop):',
            'if loop.kind not in ("serial", "unrolled"):',
        ),
        Bug(
            "what the host fills for a kernel lives in registers",
            "tvmlab.lower.localise",
            "    kept |= _outlives_kernels(program.body)\n",
            "",
        ),
        Bug(
            "a tree takes its neighbour",
            "tvmlab.lower.thread_trees",
            "tuple(places(thread + half))",
            "tuple(places(thread + 1))",
        ),
    ),
)

SHARED_OUT = Room(
    "shared out",
    ("tests/schedule/test_storage.py", "tests/fuzz/test_gpu.py"),
    (
        Bug(
            "a thread finds what another one left",
            "tvmlab.analysis.ownership",
            "    return stay_apart(touching, (*loops_around(program, owner), owner))\n",
            "    return True\n",
        ),
        Bug(
            "threads of different nests need not correspond",
            "tvmlab.analysis.conflicts",
            "                if meeting(a, a_loops, b, b_loops, around, order) is not None:\n"
            "                    return False\n",
            "                meeting(a, a_loops, b, b_loops, around, order)\n",
        ),
        Bug(
            "a copy has room for half of its rows",
            "tvmlab.analysis.filled",
            "    extents[top] = count // steps[top]\n",
            "    extents[top] = -(-count // steps[top] // 2)\n",
        ),
        Bug(
            "a predicate leaves out nothing of a copy",
            "tvmlab.analysis.filled",
            "        elif ends.get(left.key()) != limit:\n            return None\n",
            "",
        ),
        Bug(
            "half a row counts as a row",
            "tvmlab.analysis.filled",
            "    if count is None or count % steps[top]:\n",
            "    if count is None:\n",
        ),
        Bug(
            "loops of a nest become another axis",
            "tvmlab.lower.threads",
            "{stmt.var: variables[axis]}\n        body",
            "{stmt.var: variables[next(reversed(variables))]}\n        body",
        ),
        Bug(
            "the first of one axis is enough",
            "tvmlab.lower.threads",
            "        for a in missing\n        if not same_extent(",
            "        for a in missing[:1]\n        if not same_extent(",
        ),
    ),
)

COPIES = Room(
    "copies in flight",
    ("tests/lower/test_copy_waits.py",),
    (
        Bug(
            "a barrier lets a group too many go on",
            "tvmlab.lower.copy_waits",
            "allowed = begun - 1 - group",
            "allowed = begun - group",
        ),
        Bug(
            "every read waits for the latest copy of all",
            "tvmlab.lower.copy_waits",
            "                and all(a[0] <= b[1] and b[0] <= a[1] for a, b in zip(box, other, "
            "strict=True))\n",
            "",
        ),
        Bug(
            "all copies before the loop are one group",
            "tvmlab.lower.copy_waits",
            "(not own or own & group)",
            "not own",
        ),
        Bug(
            "what is read after the loop is taken to have arrived in it",
            "tvmlab.lower.copy_waits",
            "            elif allowed < self.pending[barrier]:\n",
            "            elif False:\n",
        ),
        Bug(
            "periods left out begin no groups",
            "tvmlab.lower.copy_waits",
            "        self._groups += later\n",
            "",
        ),
        Bug(
            "one step too few is copied before the loop",
            "tvmlab.lower.pipelines",
            "first = [s for time in range(last) for s in at(time)]",
            "first = [s for time in range(1, last) for s in at(time)]",
        ),
        Bug(
            "kernels meet without waiting for copies",
            "tvmlab.targets.cuda.dialect",
            'waits = f"wait_for_groups<{pending}>()" if pending else "wait_for_copies()"',
            'waits = "commit_copies()"',
        ),
    ),
)

PRINTED = Room(
    "printed kernels",
    ("tests/targets/test_plan.py", "tests/targets/test_opencl.py"),
    (
        Bug(
            "conditions that threads differ in are there for the compiler to move",
            "tvmlab.targets.cfamily.statements",
            "if not self._loops or not variables(condition) & self._apart:",
            "if True:",
        ),
        Bug(
            "sizes are told in the bits of loops",
            "tvmlab.targets.cfamily.launching",
            "named = {size.name: np.int64(value)",
            "named = {size.name: np.int32(value)",
        ),
        Bug(
            "every repetition is the first one",
            "tvmlab.targets.cfamily.launching",
            "numbers[repeat.name] = np.int32(number)",
            "numbers[repeat.name] = np.int32(0)",
        ),
        Bug(
            "a repetition ends where the plan does",
            "tvmlab.targets.cfamily.plan",
            '        elif "end" in r:\n            break\n',
            "",
        ),
    ),
)

WARPS = Room(
    "warps",
    ("tests/lower/test_warp_trees.py", "tests/lower/test_lanes.py"),
    (
        Bug(
            "every row of a warp reads what the first row keeps",
            "tvmlab.lower.lanes",
            "simplify(lane + row % (WARP // self.count) * self.count, self.ranges)",
            "simplify(lane, self.ranges)",
        ),
        Bug(
            "threads that need nothing do not come to a shuffle",
            "tvmlab.lower.lanes",
            "return let(found, values, guarded(conditions, placed))",
            "return guarded(conditions, let(found, values, placed))",
        ),
        Bug(
            "later rounds are kept where the first one is",
            "tvmlab.lower.lanes",
            "simplify(flat // whole * self.step + flat % self.step, self.ranges)",
            "simplify(flat % self.step, self.ranges)",
        ),
        Bug(
            "a shuffle reaches twice as far",
            "tvmlab.lower.warp_trees",
            "bits = count // (2 * done)",
            "bits = count // done",
        ),
        Bug(
            "half of the warps are enough",
            "tvmlab.lower.warp_trees",
            "_exchanged(fold, found, warps, taken)",
            "_exchanged(fold, found, warps // 2, taken)",
        ),
        Bug(
            "rows that are not there are folded into as well",
            "tvmlab.lower.warp_trees",
            'first = (*conditions, binary("==",',
            'first = (binary("==",',
        ),
        Bug(
            "threads far apart count as neighbours",
            "tvmlab.lower.warp_trees",
            "        and prod(o.extent for o in faster if isinstance(o.extent, int)) == 1\n",
            "",
        ),
        Bug(
            "a shuffle gives a thread what it has itself",
            "tvmlab.ir.interpret_threads",
            "return met[asked][2]",
            "return met[number][2]",
        ),
    ),
)

ROOMS = (KERNELS, COPIES, SHARED_OUT, PRINTED, WARPS)
