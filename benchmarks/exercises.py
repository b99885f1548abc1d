"""Every exercise graded for real on this machine: solutions must pass, wrong answers must not.

    python benchmarks/exercises.py [NAME ...]

The tests do this with times from a model; here they are measured, which takes about two minutes.
"""

from __future__ import annotations

import sys
import time

from tvmlab.learn import exercise, exercise_names, judge
from tvmlab.learn.answer import read_answer
from tvmlab.learn.bench import MachineBench


def main(names: list[str]) -> int:
    bench, odd = MachineBench(), 0
    for name in names or exercise_names():
        found, begin = exercise(name), time.perf_counter()
        key = found.answer_key
        graded = [judge(found, read_answer(text), bench) for text in (key.solution, *key.wrong)]
        passed = [each.is_passed for each in graded]
        is_good = passed == [True] + [False] * len(key.wrong)
        odd += not is_good
        points = ", ".join(f"{each.points:g}" for each in graded)
        took_s = time.perf_counter() - begin
        print(f"{name:<14} {'as it should' if is_good else 'ODD':<12} {points} of {found.points}"
              f", {took_s:.1f} s", flush=True)  # fmt: skip
        if not is_good:
            print(*graded, sep="\n")
    return min(odd, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
