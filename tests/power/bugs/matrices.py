"""Bugs in products on TensorCores: what is one, and how warps tile it."""

from tests.power.planting import Bug, Room

MATRICES = Room(
    "matrices",
    ("tests/ops/test_matrix_part.py",),
    (
        Bug(
            "what is copied in pieces is never padding",
            "tvmlab.schedule.conditional",
            "    condition = conjunction(parts)\n",
            "    condition = conjunction(parts[:1])\n",
        ),
        Bug(
            "pieces of padding are copied too",
            "tvmlab.schedule.primitives.tensorize",
            "return If(given.condition, copied, otherwise)",
            "return copied",
        ),
        Bug(
            "pieces begin anywhere",
            "tvmlab.ops.gpu.warp_tiles",
            "        if any(n % lanes for n in (total.constant, *total.terms.values())):\n",
            "        if False:\n",
        ),
        Bug(
            "a product is summed in whatever dtype",
            "tvmlab.ops.gpu.matrix_product",
            " or stage.dtype != wide(kind)",
            "",
        ),
        Bug(
            "columns are taken for rows",
            "tvmlab.ops.gpu.matrix_product",
            "last[0] is k, (rows",
            "last[1] is k, (rows",
        ),
        Bug(
            "a product of zeros mostly",
            "tvmlab.ops.gpu.matrix_part",
            "<= MOST_PADDING else None",
            "else None",
        ),
        Bug(
            "what makes an operand stays beside its padded copy",
            "tvmlab.ops.gpu.padded",
            "            schedule[maker].compute_inline()\n",
            "            pass\n",
        ),
    ),
)

CHAINED = Room(
    "chained",
    ("tests/ops/test_chained_part.py",),
    (
        Bug(
            "rows of any length stay in shared memory",
            "tvmlab.ops.gpu.chained_part",
            "self._shared_bytes(*tile) <= MOST_SHARED_BYTES",
            "self._shared_bytes(*tile) > 0",
        ),
        Bug(
            "products of parts of tiles are chained",
            "tvmlab.ops.gpu.chained_part",
            "not self._rows % TILE and not self._row % COLUMNS[0]",
            "True",
        ),
        Bug(
            "rows between the products are in memory that blocks do not share",
            "tvmlab.ops.gpu.chained_part",
            'schedule[name].set_scope(written, "shared")',
            "pass",
        ),
    ),
)

THREADS = Room(
    "threads",
    ("tests/tune/features/test_threads.py", "tests/tune/features/test_drafts.py"),
    (
        Bug(
            "rows in shared memory lie where the device's would",
            "tvmlab.tune.features.warps",
            "np.where(is_shared, found, nests.strides)",
            "nests.strides",
        ),
        Bug(
            "a warp asks once for each loop of its threads",
            "tvmlab.tune.features.threads",
            "np.logical_or.accumulate(moves, axis=-1) & ~along",
            "np.logical_or.accumulate(moves, axis=-1) | along",
        ),
        Bug(
            "a drafted loop is bound to no axis",
            "tvmlab.tune.features.drafts.steps",
            "    scaffold.threads[loop] = step.thread\n",
            "",
        ),
        Bug(
            "a drafted buffer stays where it was",
            "tvmlab.tune.features.drafts.reading",
            "buffer = scaffold.memories.get(touch.buffer, touch.buffer)",
            "buffer = touch.buffer",
        ),
    ),
)

PRODUCTS = Room(
    "products",
    ("tests/ops/test_product_part.py",),
    (
        Bug(
            "the channels of a group are numbered by groups",
            "tvmlab.ops.gpu.contraction",
            'f"({whole[axis]} % {size})"',
            'f"({whole[axis]} // {size})"',
        ),
        Bug(
            "what follows a product of groups takes the first one's",
            "tvmlab.ops.gpu.contraction",
            'f"p0 * {size} + {found[axis]}"',
            'f"{found[axis]}"',
        ),
        Bug(
            "the first axis of a number is its lowest digit",
            "tvmlab.ops.gpu.contraction",
            "steps = [prod(sizes[a] for a in axes[n + 1 :]) for",
            "steps = [prod(sizes[a] for a in axes[:n]) for",
        ),
        Bug(
            "what is copied ahead is used before it is there",
            "tvmlab.ops.gpu.warp_tiles",
            "0 if filling & {b.name for b in blocks(part)} else ahead",
            "ahead if filling & {b.name for b in blocks(part)} else 0",
        ),
    ),
)

TF32 = Room(
    "tf32",
    ("tests/targets/test_cpu_emit_math.py", "tests/targets/test_cuda_matrices.py"),
    (
        Bug(
            "halves are dropped",
            "tvmlab.targets.cpu.emit_math",
            "v.whole(0x1000)",
            "v.whole(0x0FFF)",
        ),
        Bug(
            "what is no number becomes zero",
            "tvmlab.targets.cpu.emit_math",
            'v.choose(v.test("uno", x, x), x, kept)',
            "kept",
        ),
        Bug(
            "the second register of B comes from the next row",
            "tvmlab.targets.cuda.row_loads",
            '_joined("unsigned", 4, 4)',
            '_joined("unsigned", 4, 1)',
        ),
    ),
)

LANES = Room(
    "lanes of kernels",
    ("tests/targets/test_opencl.py",),
    (
        Bug(
            "lanes with a gap between them are taken for a row",
            "tvmlab.targets.cfamily.statements",
            "return lane not in variables(place.plus(Linear({lane: 1}, 0), -1).expr())",
            "return True",
        ),
    ),
)

SMALLER = Room(
    "smaller products",
    ("tests/targets/test_cuda_matrices.py",),
    (
        Bug(
            "a half is multiplied with the other one",
            "tvmlab.targets.cuda.matrices",
            """(a[{2 * part + 1}]), "r"(b[{part}]));',""",
            """(a[{2 * part + 1}]), "r"(b[{1 - part}]));',""",
        ),
        Bug(
            "rows below take the terms beside",
            "tvmlab.targets.cuda.matrices",
            "(a[{2 * part + below}])",
            "(a[{2 * below + part}])",
        ),
    ),
)

SWIZZLED = Room(
    "swizzled rows",
    ("tests/schedule/test_swizzle.py", "tests/targets/test_cuda_matrices.py"),
    (
        Bug(
            "rows that one line of all banks holds differ",
            "tvmlab.ir.swizzle",
            "alike = 1 << (max(1, most // chunks).bit_length() - 1)",
            "alike = 1",
        ),
        Bug(
            "chunks of a row that is no power of two change places with what is not there",
            "tvmlab.ir.swizzle",
            "min(chunks & -chunks, most)",
            "min(chunks, most)",
        ),
        Bug(
            "every row of a tile is its first one",
            "tvmlab.targets.cuda.row_loads",
            'return f"(row + ({row})) * row_bytes',
            'return f"row * row_bytes',
        ),
    ),
)

ROOMS = (MATRICES, CHAINED, THREADS, PRODUCTS, TF32, LANES, SMALLER, SWIZZLED)
