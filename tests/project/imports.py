"""Reads, without running anything, what every module of a package imports."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

# A module's dotted name inside a string, as PEP 562's lazy tables hold them.
DOTTED = re.compile(r"tvmlab(\.[A-Za-z_]\w*)+")


@dataclass(frozen=True)
class Import:
    """One imported module: its full dotted name, where, and inside which function (or "")."""

    target: str
    line: int
    function: str
    is_relative: bool = False


@dataclass(frozen=True)
class Module:
    """One Python file of the package."""

    name: str
    path: Path
    is_init: bool
    tree: ast.Module
    source: str

    @property
    def room(self) -> str:
        """The room it belongs to: the second part of its name, "" for the package itself."""
        parts = self.name.split(".")
        return parts[1] if len(parts) > 1 else ""


class Package:
    """All modules under `root`, a folder named tvmlab, with their imports resolved."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.modules = {m.name: m for m in map(self._read, sorted(root.rglob("*.py")))}

    def _read(self, path: Path) -> Module:
        parts = list(path.relative_to(self.root.parent).with_suffix("").parts)
        is_init = parts[-1] == "__init__"
        source = path.read_text(encoding="utf-8")
        name = ".".join(parts[:-1] if is_init else parts)
        return Module(name, path, is_init, ast.parse(source, str(path)), source)

    def where(self, module: Module, line: int) -> str:
        """The place of a violation, as an editor understands it."""
        return f"{module.path.relative_to(self.root.parent)}:{line}"

    @cached_property
    def imports(self) -> dict[str, list[Import]]:
        """The imports of every module, those of our own modules resolved to a file."""
        return {name: list(self._imports(module)) for name, module in self.modules.items()}

    def own_imports(self, module: Module) -> list[Import]:
        """The imports of `module` that name this package."""
        name = self.root.name
        return [
            i
            for i in self.imports[module.name]
            if i.target == name or i.target[: len(name) + 1] == name + "."
        ]

    def _imports(self, module: Module) -> list[Import]:
        found: list[Import] = []

        def visit(node: ast.AST, function: str) -> None:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                function = getattr(node, "name", "lambda")
            elif isinstance(node, ast.Import):
                found.extend(Import(alias.name, node.lineno, function) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = node.module or ""
                found.extend(
                    Import(
                        self._imported_from(base, alias.name), node.lineno, function, node.level > 0
                    )
                    for alias in node.names
                )
            elif isinstance(node, ast.Call) and _is_import_call(node):
                found.extend(Import(text, node.lineno, function) for text in _leading_text(node))
            for child in ast.iter_child_nodes(node):
                visit(child, function)

        visit(module.tree, "")
        return found

    def _imported_from(self, base: str, name: str) -> str:
        """What `from base import name` imports: a module of ours, or `base` for a name in it."""
        dotted = f"{base}.{name}"
        return dotted if dotted in self.modules else base

    def lazy_names(self, module: Module) -> list[Import]:
        """Modules named by strings, which is how an `__init__` hands on names lazily."""
        return [
            Import(node.value, node.lineno, "")
            for node in ast.walk(module.tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and DOTTED.fullmatch(node.value)
        ]


def _is_import_call(node: ast.Call) -> bool:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name in {"import_module", "__import__"}


def _leading_text(node: ast.Call) -> list[str]:
    """The text that the first argument of a call begins with: all of it for a plain string."""
    first = node.args[0] if node.args else None
    if isinstance(first, ast.JoinedStr) and first.values:
        first = first.values[0]
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        return [first.value.rstrip(".")]
    return []
