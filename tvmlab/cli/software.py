"""What the doctor finds of the installation: versions, browser modules, the kernel, its clicks."""

from __future__ import annotations

import importlib.util
import os
import platform
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tvmlab.cli.finding import Finding, size
from tvmlab.targets.cpu.build import host
from tvmlab.targets.user_cache import cache_directory
from tvmlab.version import __version__

STATIC = Path(__file__).parents[1] / "static"
PACKAGES = {
    # package -> what it is for, said where it is missing
    "numpy": "nothing works without it",
    "pandas": "the records of a tuning run cannot be shown as a table",
    "xgboost": "the tuner has no cost model; --explorer random works",
    "tqdm": "`tvmlab tune` cannot show a progress bar",
}
JUPYTER = {
    "jupyterlab": "there is no notebook to put the lab in",
    "ipykernel": "no notebook can run Python",
    "ipywidgets": "the lab shows as text",
    "anywidget": "the lab shows as text",
    "plotly": "figures of finished tuning runs cannot be drawn",
}
KERNEL_SPEC = "python3"


def python() -> Iterator[Finding]:
    """Interpreter, our own version, compiler and libraries."""
    yield Finding("tvmlab", f"{__version__} in {Path(__file__).parents[1]}")
    yield Finding("python", f"{platform.python_version()}, {sys.executable}")
    yield Finding("compiler", host().compiler)
    yield from versions("packages", PACKAGES)


def jupyter() -> Iterator[Finding]:
    """The notebook side: versions, our browser modules, the kernel and how it takes clicks."""
    yield from versions("jupyter", JUPYTER)
    modules = sorted(STATIC.glob("*.js"))
    if modules:
        yield Finding("panes", f"{len(modules)} browser modules, bundled with the package")
    else:
        yield Finding(
            "panes",
            f"no browser modules in {STATIC}: the lab shows as text; run `make lab` once",
            is_missing=True,
        )
    yield from kernel()
    yield from clicks()


def versions(topic: str, packages: dict[str, str]) -> Iterator[Finding]:
    """The versions of packages on one line; one line more for each that is missing."""
    found = []
    for name, cost in packages.items():
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            yield Finding(topic, f"{name} is not installed: {cost}", is_missing=True)
    if found:
        yield Finding(topic, ", ".join(found))


def kernel() -> Iterator[Finding]:
    """Whether notebooks run on this very Python: else `import tvmlab` fails in them."""
    if importlib.util.find_spec("jupyter_client") is None:
        return
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel  # half of Jupyter

    try:
        command = KernelSpecManager().get_kernel_spec(KERNEL_SPEC).argv[0]
    except NoSuchKernel:
        yield Finding("kernel", f"no kernel {KERNEL_SPEC!r}: notebooks cannot run", True)
        return
    # Compared as written: the python of an environment is a link to the system's.
    is_same = os.path.abspath(command) == os.path.abspath(sys.executable)
    if is_same or os.path.basename(command) == command:
        yield Finding("kernel", f"{KERNEL_SPEC} runs this Python")
    else:
        yield Finding(
            "kernel",
            f"{KERNEL_SPEC} runs {command}, where tvmlab may be missing; "
            "start JupyterLab with `tvmlab lab`",
            is_missing=True,
        )


def clicks() -> Iterator[Finding]:
    """How the kernel takes clicks while a cell runs (see `tvmlab.ui.subshell`)."""
    try:
        number = tuple(int(part) for part in version("ipykernel").split(".")[:2])
    except (PackageNotFoundError, ValueError):
        return
    if number < (7,):
        yield Finding(
            "clicks",
            "wait for a running cell, because ipykernel is older than 7; plots still move",
            is_missing=True,
        )
    elif number < (7, 4):
        yield Finding("clicks", "are answered while a cell runs, on a subshell of the kernel")
    else:
        yield from rerouted_clicks()


def rerouted_clicks() -> Iterator[Finding]:
    """From ipykernel 7.4 on, whether our widgets can undo its re-routing of their messages."""
    from ipykernel.comm.comm import Comm  # 0.2 s

    if hasattr(Comm, "_reply_subshell_for"):
        yield Finding("clicks", "are answered while a cell runs, on a subshell (shim active)")
    else:
        yield Finding(
            "clicks",
            "may wait for a running cell: this ipykernel routes messages in a way not yet known",
            is_missing=True,
        )


def cache() -> Iterator[Finding]:
    """The folder of what can always be made again, and what it holds."""
    folder = cache_directory()
    files = [p for p in folder.rglob("*") if p.is_file()] if folder.is_dir() else []
    held = size(sum(p.stat().st_size for p in files))
    nearest = next((p for p in (folder, *folder.parents) if p.exists()), folder)
    if os.access(nearest, os.W_OK):
        yield Finding("cache", f"{folder}, {len(files)} files, {held}")
    else:
        yield Finding(
            "cache",
            f"{folder} cannot be written: kernels are compiled and limits measured every time",
            is_missing=True,
        )
