"""Bugs in products on TensorCores: what is one, and how warps tile it."""

from tests.power.planting import Bug, Room

MATRICES = Room(
    "matrices",
    ("tests/ops/test_matrix_part.py",),
    (
        Bug(
            "a product is summed in whatever dtype",
            "tvmlab.ops.gpu.matrix_product",
            " or stage.dtype != wide(dtype)",
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

ROOMS = (MATRICES,)
