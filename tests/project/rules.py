"""The rules of the house about imports, names and sizes.

Each rule is a function from a `Package` to its violations, one sentence each that begins with the
file and line. ARCHITECTURE.md says why the rules are what they are.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

from tests.project.imports import Import, Module, Package

# The rooms from the innermost to the outermost. A room may import rooms of earlier lines only.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("errors", "version"),
    ("ir",),
    ("arith",),
    ("te", "analysis"),
    ("schedule",),
    ("intrin",),
    ("lower", "ops"),
    ("targets",),
    ("measure",),
    ("tune",),
    ("graph",),
    ("api",),
    ("learn",),
    ("view",),
    ("cli", "server", "ui"),
    ("__main__",),
)
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}

# Third-party libraries and the modules that may know them (full matches of the name after tvmlab.).
DEVICE = r"targets\.{}\.(build|run|limits)(\..+)?"
PLACES: dict[str, str] = {
    "ipywidgets": r"ui(\..+)?",
    "anywidget": r"ui(\..+)?",
    "plotly": r"ui(\..+)?",
    "IPython": r"ui(\..+)?",
    "jupyterlab": r"(ui|cli)(\..+)?",
    "jupyter_server": r"(ui|cli|server)(\..+)?",
    "tornado": r"server(\..+)?",
    "llvmlite": DEVICE.format("cpu"),
    "pyopencl": DEVICE.format("opencl"),
    "cuda": DEVICE.format("cuda"),
    "cupy": DEVICE.format("cuda"),
    "torch": r"tune\.models(\..+)?",
    "xgboost": r"tune\.models(\..+)?",
    "pyarrow": r"tune\.logs\.parquet",
    "sqlalchemy": r"tune\.postgres_store",
    "psycopg": r"tune\.postgres_store",
    "sklearn": r"tune\.models(\..+)?",
    "distributed": r"measure\.cluster",
    "onnx": r"graph\.onnx_import",
    "islpy": r"analysis\.polyhedra",
}

# Families whose members must not know each other, and members that are there to be shared.
FAMILIES = ("targets", "schedule.primitives", "tune.explorers")
SHARED = {"targets.cfamily"}

BAD_NAMES = {"util", "utils", "common", "helper", "helpers", "core", "manager", "managers", "misc"}
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60

Rule = Callable[[Package], Iterator[str]]


def one_way(package: Package) -> Iterator[str]:
    """Imports point from outer rooms to inner ones."""
    for module in package.modules.values():
        if module.room and module.room not in LEVEL:
            yield f"{package.where(module, 1)}: the room {module.room} has no place in the order"
            continue
        for found in package.own_imports(module) + _handed_on(package, module):
            target = found.target.split(".")[1] if "." in found.target else ""
            if not module.room or target == module.room or (target and target not in LEVEL):
                continue
            if not target:
                yield f"{package.where(module, found.line)}: imports the package tvmlab itself"
            elif LEVEL[target] >= LEVEL[module.room]:
                yield (
                    f"{package.where(module, found.line)}: "
                    f"{module.room} must not import {target}, which is not further in"
                )


def _handed_on(package: Package, module: Module) -> list[Import]:
    return package.lazy_names(module) if module.is_init else []


def _is_lazy(module: Module, found: Import) -> bool:
    """Whether an import is that of PEP 562: in the `__getattr__` of an `__init__`.

    In the package's own `__init__` any function may: no module imports it, so it is in no circle.
    """
    return module.is_init and (found.function == "__getattr__" or not module.room)


def no_circles(package: Package) -> Iterator[str]:
    """No module reaches itself through imports, those for type checkers included."""
    edges = {
        name: sorted(
            {i.target for i in package.own_imports(module) if not _is_lazy(module, i)}
            & set(package.modules)
        )
        for name, module in package.modules.items()
    }
    state: dict[str, str] = {}

    def visit(name: str, path: list[str]) -> Iterator[str]:
        state[name] = "open"
        for target in edges[name]:
            if state.get(target) == "open":
                circle = [*path[path.index(target) :], target]
                yield f"{package.where(package.modules[name], 1)}: a circle: {' -> '.join(circle)}"
            elif target not in state:
                yield from visit(target, [*path, target])
        state[name] = "done"

    for name in edges:
        if name not in state:
            yield from visit(name, [name])


def no_hidden_imports(package: Package) -> Iterator[str]:
    """No import of ours inside a function, bar the `__getattr__` of an `__init__`."""
    for module in package.modules.values():
        for found in package.own_imports(module):
            if found.function and not _is_lazy(module, found):
                yield (
                    f"{package.where(module, found.line)}: "
                    f"{found.function} imports {found.target} inside a function"
                )


def absolute_imports(package: Package) -> Iterator[str]:
    """Imports name the whole path."""
    for module in package.modules.values():
        for found in package.imports[module.name]:
            if found.is_relative:
                yield f"{package.where(module, found.line)}: a relative import"


def libraries_in_their_place(package: Package) -> Iterator[str]:
    """Heavy libraries are known to the one place that needs them."""
    for module in package.modules.values():
        inner = module.name.partition(".")[2]
        for found in package.imports[module.name]:
            library = found.target.split(".")[0]
            if library in PLACES and not re.fullmatch(PLACES[library], inner):
                yield f"{package.where(module, found.line)}: {library} has no business here"


def members_apart(package: Package) -> Iterator[str]:
    """No target imports another, no primitive another primitive, no explorer another explorer."""
    for module in package.modules.values():
        for found in package.own_imports(module):
            for family in FAMILIES:
                one = _member(package, family, module.name)
                other = _member(package, family, found.target)
                if one and other and one != other and other not in SHARED:
                    yield f"{package.where(module, found.line)}: {one} must not import {other}"


def _member(package: Package, family: str, name: str) -> str:
    """The member of a family a module belongs to, or "": targets are folders, the rest files."""
    prefix = f"{package.root.name}.{family}."
    if not name.startswith(prefix):
        return ""
    first = name[len(prefix) :].split(".")[0]
    is_folder = (package.root / family.replace(".", "/") / first).is_dir()
    return f"{family}.{first}" if is_folder or family != "targets" else ""


def names_that_say_something(package: Package) -> Iterator[str]:
    """No file or folder is named for nothing in particular."""
    for module in package.modules.values():
        for part in module.name.split("."):
            if part in BAD_NAMES or part.rpartition("_")[2] in BAD_NAMES:
                yield f"{package.where(module, 1)}: the name {part} does not say what is inside"


def small_files(package: Package) -> Iterator[str]:
    """No file beyond the cap."""
    for module in package.modules.values():
        lines = module.source.count("\n")
        if lines > MAX_FILE_LINES:
            yield f"{package.where(module, lines)}: {lines} lines, more than {MAX_FILE_LINES}"


def small_functions(package: Package) -> Iterator[str]:
    """No function beyond the cap, its docstring aside."""
    for module in package.modules.values():
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            body = node.body[1:] if ast.get_docstring(node) else node.body
            first = body[0].lineno if body else node.lineno
            lines = (node.end_lineno or first) - first + 1
            if lines > MAX_FUNCTION_LINES:
                yield (
                    f"{package.where(module, node.lineno)}: "
                    f"{node.name} has {lines} lines, more than {MAX_FUNCTION_LINES}"
                )


def inits_only_hand_on(package: Package) -> Iterator[str]:
    """An `__init__` holds imports, tables of names and their lazy look-up, no code of its own.

    The package's own may also say what kind of module it is: `tvmlab.tune` is a function although
    a folder has that name.
    """
    for module in package.modules.values():
        for node in module.tree.body if module.is_init else []:
            is_code = isinstance(node, ast.ClassDef | ast.AsyncFunctionDef) or (
                isinstance(node, ast.FunctionDef) and node.name not in {"__getattr__", "__dir__"}
            )
            is_kind = not module.room and [ast.unparse(b) for b in _bases(node)] == ["ModuleType"]
            if is_code and not is_kind:
                yield f"{package.where(module, node.lineno)}: {node.name} belongs in its own file"


def _bases(node: ast.stmt) -> list[ast.expr]:
    return node.bases if isinstance(node, ast.ClassDef) else []


RULES: tuple[Rule, ...] = (
    one_way,
    no_circles,
    no_hidden_imports,
    absolute_imports,
    libraries_in_their_place,
    members_apart,
    names_that_say_something,
    small_files,
    small_functions,
    inits_only_hand_on,
)
