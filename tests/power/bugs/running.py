"""Bugs in how threads share a loop, and in how long a compilation is let go on."""

from tests.power.planting import Bug, Room

_CPU = "tvmlab.targets.cpu"

THREADS = Room(
    "threads",
    (
        "tests/targets/test_cpu_threads.py",
        "tests/targets/test_cpu_affinity.py",
        "tests/targets/test_cpu_emit_parallel.py",
    ),
    (
        Bug(
            "a static share is cut into pieces",
            f"{_CPU}.pool_text",
            "%claimed = select i1 %whole,",
            "%claimed = select i1 false,",
        ),
        Bug(
            "the manner of sharing never reaches the launcher",
            f"{_CPU}.emit_parallel",
            "static = int(is_static(loop))",
            "static = 0",
        ),
        Bug(
            "a share that is walked back begins one beyond its end",
            f"{_CPU}.emit_statement",
            'f"add nsw i64 {both}, -1"',
            'f"add nsw i64 {both}, 0"',
        ),
        Bug(
            "a share is walked back in every iteration",
            f"{_CPU}.emit_statement",
            'f"and i64 {turn}, 1"',
            'f"or i64 {turn}, 1"',
        ),
        Bug(
            "workers go wherever they like",
            f"{_CPU}.threads",
            "                    affinity.keep(worker, cores[index])\n",
            "",
        ),
        Bug(
            "every worker is kept on the first core",
            f"{_CPU}.affinity",
            "cores[worker % len(cores)]",
            "cores[0]",
        ),
    ),
)

COMPILING = Room(
    "compiling",
    (
        "tests/targets/test_cpu_build.py",
        "tests/targets/test_cpu_patience.py",
        "tests/schedule/test_cautions.py",
    ),
    (
        Bug(
            "loops of scalars are not looked at by LLVM in large texts",
            f"{_CPU}.build.presets",
            "or loops_left(text):",
            "or False:",
        ),
        Bug(
            "choices by lane are not looked at by LLVM in large texts",
            f"{_CPU}.build.presets",
            'if 2 * chosen_by_lane < text.count("@llvm.fma.")',
            'if text.count("@llvm.fma.")',
        ),
        Bug(
            "what takes long is compiled where nothing can end it",
            f"{_CPU}.build.patience",
            "if expected_time_s(text, preset) < MOMENT_S or",
            "if True or",
        ),
        Bug(
            "a compiler outlives whoever waits for it",
            f"{_CPU}.build.apart",
            "            child.kill()\n            child.wait()\n",
            "            pass\n",
        ),
        Bug(
            "values held around a loop cost nothing",
            "tvmlab.analysis.compile_time",
            "+ held * held * HELD_S",
            "",
        ),
        Bug(
            "lanes are counted as if each were a vector",
            "tvmlab.analysis.code_size",
            "chunks = ceil(lanes * widest / vector_bytes) if lanes > 1 else 1",
            "chunks = lanes",
        ),
    ),
)

PREPARED = Room(
    "prepared functions",
    ("tests/targets/test_halved_kernel.py",),
    (
        Bug(
            "constants that are read as they are come to a prepared function as zeros",
            "tvmlab.targets.halved_kernel",
            "        held = dict(constants)\n",
            "        held = {name: 0 * array for name, array in constants.items()}\n",
        ),
    ),
)

ROOMS = (THREADS, COMPILING, PREPARED)
