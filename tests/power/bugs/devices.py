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
            "a tree takes its neighbour",
            "tvmlab.lower.thread_trees",
            "tuple(places(thread + half))",
            "tuple(places(thread + 1))",
        ),
    ),
)

ROOMS = (KERNELS,)
