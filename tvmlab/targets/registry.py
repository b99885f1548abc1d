"""Targets by the name a user gives."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from inspect import signature
from typing import Any

from tvmlab.errors import TargetError
from tvmlab.targets.target import Target

TARGETS = {
    # name -> module and class; loaded when first asked for, as compilers are heavy
    "cpu": ("tvmlab.targets.cpu.target", "CpuTarget"),
    "cuda": ("tvmlab.targets.cuda.target", "CudaTarget"),
    "opencl": ("tvmlab.targets.opencl.target", "OpenClTarget"),
}


def get(target: str | Mapping[str, Any]) -> Target:
    """The target that `target` names: `"cpu"`, `"cuda"`, `"opencl"`, or a dict of its
    name and options.

    `get({"name": "cpu", "preset": "light"})` is the target cpu with a shorter LLVM pipeline;
    `Target.details()` is such a dict.

    Raises:
        TargetError: no such target, or an option it does not have.
    """
    details = dict(target) if isinstance(target, Mapping) else {"name": target}
    name = details.pop("name", None)
    if not isinstance(name, str) or name not in TARGETS:
        raise TargetError(
            f"Target {name!r} is not known; use one of {', '.join(map(repr, TARGETS))}."
        )
    module, class_name = TARGETS[name]
    make = getattr(import_module(module), class_name)
    options = list(signature(make).parameters)
    unknown = [option for option in details if option not in options]
    if unknown:
        raise TargetError(
            f"Target {name!r} does not take {', '.join(map(repr, unknown))}; "
            f"its options are {', '.join(options)}."
        )
    made: Target = make(**details)
    return made


def loaded(module: str, library: str) -> Any:
    """A module of a target that needs a vendor's library, which may not be installed.

    Raises:
        TargetError: the library cannot be loaded.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise TargetError(
            f"{library} cannot be loaded ({error}); install it, e.g. with pip install {library}."
        ) from None
