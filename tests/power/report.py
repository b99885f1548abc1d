"""Which planted bugs the suite notices: `python -m tests.power.report [--remember] [WORD ...]`.

With words, only the bugs of these rooms, or of these names.
"""

from __future__ import annotations

import argparse

from tests.power.bugs import ROOMS
from tests.power.remembered import remember, remembered
from tests.power.trial import every_bug, try_all


def main() -> int:
    """Print a line for each bug, and the share caught; 1 if a patch is stale."""
    parser = argparse.ArgumentParser(prog="tests.power.report", description=__doc__)
    parser.add_argument("words", nargs="*", help="names of rooms or bugs")
    parser.add_argument(
        "--remember", action="store_true", help="write down what found each, to be tried first"
    )
    given = parser.parse_args()
    every = every_bug(ROOMS)
    chosen = [
        (room, bug)
        for room, bug in every
        if not given.words or any(word in (room.name, bug.name) for word in given.words)
    ]
    verdicts = []
    for verdict in try_all(chosen, is_anew=True):
        print(verdict, flush=True)
        verdicts.append(verdict)
    if given.remember:
        found = remembered() | {v.bug.name: v.check for v in verdicts if v.bug and not v.broken}
        remember({bug.name: found[bug.name] for _, bug in every if bug.name in found})
    broken = sum(bool(v.broken) for v in verdicts)
    caught = sum(bool(v.found_by) for v in verdicts)
    survived = len(verdicts) - caught - broken
    print(f"{len(verdicts)} bugs: {caught} caught, {survived} survived, {broken} stale patches")
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
