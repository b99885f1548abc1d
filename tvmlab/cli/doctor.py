"""`tvmlab doctor`: what this machine offers, what is missing, and what that costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tvmlab.cli import hardware, software
from tvmlab.cli.arguments import Parser
from tvmlab.cli.finding import Finding

Check = Callable[[], Iterator[Finding]]

MORE = """\
A line that begins with ! tells of something missing and what that costs. The limits are measured
by code of tvmlab's own, for about a second, and remembered.

exit code: 0"""


def run(words: list[str]) -> int:
    """Print a line for every finding, each as soon as it is known."""
    parser = Parser("doctor", "[--measure]", "Say what this machine offers and lacks.", MORE)
    parser.add_argument("--measure", action="store_true", help="measure the limits again")
    measure: bool = parser.parse_args(words).measure

    def limits() -> Iterator[Finding]:
        return hardware.limits(measure)

    missing = 0
    for check in (
        software.python,
        software.jupyter,
        software.cache,
        hardware.processor,
        limits,
        hardware.opencl,
        hardware.cuda,
    ):
        for finding in check():
            print(finding, flush=True)
            missing += finding.is_missing
    print(f"\n{ending(missing)}")
    return 0


def ending(missing: int) -> str:
    """The last line, for the number of things that are missing."""
    if not missing:
        return "Nothing is missing."
    things = "1 thing is" if missing == 1 else f"{missing} things are"
    return f"{things} missing; each line with ! says what that costs."
