"""`tvmlab grade`: judge an answer to an exercise without a browser."""

from __future__ import annotations

import json
from pathlib import Path

from tvmlab.cli.arguments import Parser, whole_number
from tvmlab.cli.files import read_bytes
from tvmlab.errors import UsageError
from tvmlab.learn import KINDS, exercise, exercise_names, judge
from tvmlab.learn.answer import read_answer
from tvmlab.learn.bench import MachineBench
from tvmlab.learn.notebook import answer_in_notebook

USAGE = "EXERCISE ANSWER [--json] [--seed N]"
MORE = """\
EXERCISE is the name of one that comes with tvmlab (`tvmlab grade --list`), or a file. ANSWER is a
file: a trace as JSON, lines of Python as the lab copies them, a choice, or a notebook, in which a
cell tagged with the exercise's name counts, else what t.grade or a lab left. It is read, never run:
the steps are applied anew, checked with NumPy at the exercise's size and at hidden ones on inputs
drawn anew, and timed here in turns with the reference. Times in the file are not looked at.

examples:
  tvmlab grade neighbours answer.py
  tvmlab grade course/tiles.toml submitted.ipynb --json

exit codes: 0 passed, 1 not passed, 2 the exercise or the answer cannot be read"""


def run(words: list[str]) -> int:
    """Grade, print what was found, and say by the exit code whether the answer passed."""
    parser = Parser("grade", USAGE, "Judge an answer to an exercise.", MORE)
    parser.add_argument("exercise", metavar="EXERCISE", nargs="?", help="its name or file")
    parser.add_argument("answer", metavar="ANSWER", nargs="?", type=Path, help="what was handed in")
    parser.add_argument("--json", action="store_true", help="print the grade as JSON")
    parser.add_argument("--list", action="store_true", help="list the exercises and end")
    parser.add_argument(
        "--seed", type=whole_number("--seed", 0), help="seeds the inputs; drawn anew if left out"
    )
    given = parser.parse_args(words)
    if given.list:
        print("\n".join(map(about, exercise_names())))
        return 0
    if given.answer is None:
        parser.error("name an exercise and the file of an answer")
    asked = exercise(given.exercise)
    content = read_bytes(given.answer, "the answer")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"the answer {given.answer} is not text; check the name.") from None
    is_notebook = given.answer.suffix == ".ipynb"
    answer = answer_in_notebook(text, asked) if is_notebook else read_answer(text)
    result = judge(asked, answer, MachineBench(), given.seed)
    print(json.dumps(result.to_json(), indent=2) if given.json else result)
    return 0 if result.is_passed else 1


def about(name: str) -> str:
    """An exercise in one line."""
    found = exercise(name)
    return f"{name:<16} {found.title} ({KINDS[found.kind].title})"
