"""Bugs in products on TensorCores: what is one, and how warps tile it."""

from tests.power.planting import Bug, Room

MATRICES = Room(
    "matrices",
    ("tests/ops/test_matrix_part.py",),
    (
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

PRODUCTS = Room(
    "products",
    ("tests/ops/test_product_part.py",),
    (
        Bug(
            "operands may share axes of the result",
            "tvmlab.ops.gpu.contraction",
            "used[0] & used[1] or ",
            "",
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
            "0 if filling & {b.name for b in blocks(part)} else 1",
            "1 if filling & {b.name for b in blocks(part)} else 0",
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
            "tvmlab.targets.cuda.matrices",
            "(p + 4 * row_bytes);",
            "(p + row_bytes);",
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

ROOMS = (MATRICES, PRODUCTS, TF32, LANES, SMALLER)
