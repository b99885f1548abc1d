"""Percentages are written with a space, "12 %", wherever somebody reads them."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TIGHT = re.compile(r"(?<!%)\b\d+%(?![\w%])")
STYLE = re.compile(r"(?:width|height|left|right|top|bottom|size|calc\()[^;\"]*$")
SCRIPT_STYLE = re.compile(r"(?:width|height|left|right|top|bottom|calc)")
SCRIPT_TIGHT = re.compile(r"(?:\d|\})%(?![\w(])[^\n]*?[\"`']")


def tight(text: str) -> list[str]:
    """The percentages without a space in a text, CSS left out."""
    return [m.group() for m in TIGHT.finditer(text) if not STYLE.search(text[: m.start()])]


def tight_in_code(source: str) -> list[int]:
    """The lines of Python that would print one: a text, or a format such as `.0%`."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and tight(node.value):
            found.append(node.lineno)
        if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            spec = ast.unparse(node.format_spec).rstrip("'\"")
            found += [node.lineno] * spec.endswith("%")
        if isinstance(node, ast.JoinedStr):  # a text that goes on with "%" behind a figure
            for before, after in zip(node.values, node.values[1:], strict=False):
                if isinstance(before, ast.FormattedValue) and isinstance(after, ast.Constant):
                    is_tight = re.match(r"%(?![\w(%])", str(after.value)) is not None
                    found += [node.lineno] * is_tight
    return sorted(set(found))


def test_what_is_found() -> None:
    assert tight("spread 4.6% of it, 12 %, %0, a%b, width:100%, 10 %") == ["6%"]
    assert tight_in_code('f"{x:.0%}"') == [1]
    assert tight_in_code('f"{x}% of it"') == [1]
    assert tight_in_code('f"{x:.0f} % of {y}, {a % b}, %{x}, {x}%rax"') == []


def test_python_texts_have_the_space() -> None:
    files = [*ROOT.glob("tvmlab/**/*.py"), *ROOT.glob("benchmarks/*.py")]
    assert len(files) > 300
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in files
        for line in tight_in_code(path.read_text())
    ]
    assert found == []


def test_scripts_have_the_space() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in ROOT.glob("extension/src/**/*.ts")
        if ".test." not in path.name
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if SCRIPT_TIGHT.search(line) and not SCRIPT_STYLE.search(line)
    ]
    assert found == []


def test_pages_notebooks_and_exercises_have_the_space() -> None:
    texts = {path: path.read_text() for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]}
    texts |= {path: path.read_text() for path in ROOT.glob("tvmlab/**/*.toml")}
    for path in ROOT.glob("notebooks/**/*.ipynb"):
        cells = json.loads(path.read_text())["cells"]
        texts[path] = "\n".join("".join(cell["source"]) for cell in cells)
    assert len(texts) > 20
    found = {str(path.relative_to(ROOT)): tight(text) for path, text in texts.items()}
    assert {name: each for name, each in found.items() if each} == {}
