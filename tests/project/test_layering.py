"""Holds the house to its rules, and the rules to planted violations."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.project import rules
from tests.project.imports import Package

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def tvmlab() -> Package:
    return Package(ROOT / "tvmlab")


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_its_rules(rule: rules.Rule, tvmlab: Package) -> None:
    assert tvmlab.modules, "no modules were read"
    violations = list(rule(tvmlab))
    assert not violations, "\n" + "\n".join(violations)


def build(tmp_path: Path, files: dict[str, str]) -> Package:
    """A package from file texts; folders without an `__init__` get an empty one."""
    root = tmp_path / "tvmlab"
    for name, text in {"__init__.py": "", **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for folder in [p for p in root.rglob("*") if p.is_dir()]:
        (folder / "__init__.py").touch()
    return Package(root)


CLEAN = {
    "__init__.py": (
        '_LAZY = {"Lab": "tvmlab.ui.lab"}\n'
        "def __getattr__(name):\n    return importlib.import_module(f'tvmlab.{name}')\n"
    ),
    "errors.py": "class TvmlabError(Exception): ...\n",
    "ir/expr.py": "from tvmlab.errors import TvmlabError\n",
    "schedule/primitives/split.py": "from tvmlab.ir.expr import TvmlabError\n",
    "targets/cfamily/printer.py": "import tvmlab.ir.expr\n",
    "targets/registry.py": "import tvmlab.ir.expr\n",
    "targets/cpu/build.py": "def build():\n    import llvmlite.binding\n",
    "targets/opencl/emit.py": "from tvmlab.targets.cfamily import printer\n",
    "tune/models/trees.py": "import xgboost\n",
    "ui/lab.py": "import ipywidgets\nfrom tvmlab import errors\n",
}


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_a_clean_tree_passes(rule: rules.Rule, tmp_path: Path) -> None:
    assert list(rule(build(tmp_path, CLEAN))) == []


PLANTED = {
    "inner room imports outer": (
        rules.one_way,
        {"ir/expr.py": "import os\nfrom tvmlab.schedule import x\n", "schedule/x.py": ""},
        "tvmlab/ir/expr.py:2: ir must not import schedule",
    ),
    "for type checkers only": (
        rules.one_way,
        {
            "ir/a.py": "import typing\nif typing.TYPE_CHECKING:\n    import tvmlab.te.b\n",
            "te/b.py": "",
        },
        "tvmlab/ir/a.py:3: ir must not import te",
    ),
    "neighbours on one level": (
        rules.one_way,
        {"lower/a.py": "from tvmlab.ops.b import c\n", "ops/b.py": "c = 1\n"},
        "tvmlab/lower/a.py:1: lower must not import ops",
    ),
    "lazily handed on": (
        rules.one_way,
        {"ir/__init__.py": '_LAZY = {"Lab": "tvmlab.ui.lab"}\n', "ui/lab.py": ""},
        "tvmlab/ir/__init__.py:1: ir must not import ui",
    ),
    "the package itself": (
        rules.one_way,
        {"ir/a.py": "import tvmlab\n"},
        "tvmlab/ir/a.py:1: imports the package tvmlab itself",
    ),
    "a room without a place": (
        rules.one_way,
        {"attic/a.py": ""},
        "tvmlab/attic/a.py:1: the room attic has no place",
    ),
    "circle of two": (
        rules.no_circles,
        {"ir/a.py": "import tvmlab.ir.b\n", "ir/b.py": "from tvmlab.ir import a\n"},
        "tvmlab.ir.a -> tvmlab.ir.b -> tvmlab.ir.a",
    ),
    "circle through the init": (
        rules.no_circles,
        {"ir/__init__.py": "from tvmlab.ir.a import A\n", "ir/a.py": "from tvmlab.ir import B\n"},
        "tvmlab.ir -> tvmlab.ir.a -> tvmlab.ir",
    ),
    "circle hidden in a function": (
        rules.no_hidden_imports,
        {"ir/a.py": "def f():\n    from tvmlab.ir.b import g\n", "ir/b.py": "g = 1\n"},
        "tvmlab/ir/a.py:2: f imports tvmlab.ir.b inside a function",
    ),
    "circle hidden in a call": (
        rules.no_hidden_imports,
        {"ir/a.py": "def f(n):\n    return importlib.import_module(f'tvmlab.{n}')\n"},
        "tvmlab/ir/a.py:2: f imports tvmlab inside a function",
    ),
    "relative": (
        rules.absolute_imports,
        {"ir/a.py": "from .b import c\n", "ir/b.py": "c = 1\n"},
        "tvmlab/ir/a.py:1: a relative import",
    ),
    "widgets in the view": (
        rules.libraries_in_their_place,
        {"view/a.py": "import ipywidgets as w\n"},
        "tvmlab/view/a.py:1: ipywidgets has no business here",
    ),
    "LLVM where text is made": (
        rules.libraries_in_their_place,
        {"targets/cpu/emit.py": "def f():\n    import llvmlite.binding\n"},
        "tvmlab/targets/cpu/emit.py:2: llvmlite has no business here",
    ),
    "one target's library in another": (
        rules.libraries_in_their_place,
        {"targets/opencl/build.py": "import llvmlite\n"},
        "tvmlab/targets/opencl/build.py:1: llvmlite has no business here",
    ),
    "trees outside the models": (
        rules.libraries_in_their_place,
        {"tune/session.py": "from xgboost import Booster\n"},
        "tvmlab/tune/session.py:1: xgboost has no business here",
    ),
    "target to target": (
        rules.members_apart,
        {
            "targets/cuda/emit.py": "from tvmlab.targets.cpu.emit import f\n",
            "targets/cpu/emit.py": "",
        },
        "targets.cuda must not import targets.cpu",
    ),
    "primitive to primitive": (
        rules.members_apart,
        {
            "schedule/primitives/tile.py": "from tvmlab.schedule.primitives.split import Split\n",
            "schedule/primitives/split.py": "class Split: ...\n",
        },
        "schedule.primitives.tile must not import schedule.primitives.split",
    ),
    "explorer to explorer": (
        rules.members_apart,
        {"tune/explorers/a.py": "import tvmlab.tune.explorers.b\n", "tune/explorers/b.py": ""},
        "tune.explorers.a must not import tune.explorers.b",
    ),
    "a name for anything": (
        rules.names_that_say_something,
        {"ir/expr_utils.py": ""},
        "the name expr_utils does not say",
    ),
    "a folder for anything": (
        rules.names_that_say_something,
        {"ir/core/expr.py": ""},
        "the name core does not say",
    ),
    "a long file": (rules.small_files, {"ir/a.py": "x = 1\n" * 401}, "401 lines, more than 400"),
    "a long function": (
        rules.small_functions,
        {"ir/a.py": "def f():\n" + "    x = 1\n" * 61},
        "f has 61 lines, more than 60",
    ),
    "a class in the package's own init": (
        rules.inits_only_hand_on,
        {"__init__.py": "class Lab:\n    pass\n"},
        "tvmlab/__init__.py:1: Lab belongs in its own file",
    ),
    "code in an init": (
        rules.inits_only_hand_on,
        {"ir/__init__.py": "def make():\n    return 1\n"},
        "tvmlab/ir/__init__.py:1: make belongs in its own file",
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_violation_is_found(name: str, tmp_path: Path) -> None:
    rule, files, words = PLANTED[name]
    violations = list(rule(build(tmp_path, files)))
    assert any(words in violation for violation in violations), violations


def test_every_rule_has_a_planted_violation() -> None:
    assert {rule for rule, _, _ in PLANTED.values()} == set(rules.RULES)
