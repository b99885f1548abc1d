"""What trials decided, in a letter or two for each decision: short enough to travel with points.

Options are numbered as they appear, so this works for every space and every log, and only new
options are told. A number is written in letters to the base of 26, the last one small and those
before it capital: 0 is "a", 26 is "Ba". "-" stands for a decision that a trial did not take.
"""

from __future__ import annotations

from collections.abc import Mapping

ABSENT = "-"


class ChoiceCodes:
    """Numbers for the options of one run.

    Attributes:
        names: the decisions, in order of appearance.
        labels: (position in `names`, option) of every option, in order of appearance; the options
            of a decision are numbered by their order in it.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self.labels: list[tuple[int, str]] = []
        self._numbers: list[dict[str, int]] = []

    def code(self, choices: Mapping[str, str]) -> str:
        """The letters of `choices`: one code for each of `names`, absent ones at the end left
        out."""
        for name in choices:
            if name not in self.names:
                self.names.append(name)
                self._numbers.append({})
        codes = [self._letters(n, choices.get(name)) for n, name in enumerate(self.names)]
        return "".join(codes).rstrip(ABSENT)

    def _letters(self, position: int, option: str | None) -> str:
        if option is None:
            return ABSENT
        numbers = self._numbers[position]
        if option not in numbers:
            numbers[option] = len(numbers)
            self.labels.append((position, option))
        return letters(numbers[option])


def letters(number: int) -> str:
    """`number` of 0 or more in letters; see the module's text."""
    text = chr(ord("a") + number % 26)
    while number := number // 26:
        text = chr(ord("A") + number % 26) + text
    return text
