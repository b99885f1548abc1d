"""Machines that programs are built for: a folder for each, and what they have in common."""

from tvmlab.targets.registry import TARGETS, get
from tvmlab.targets.target import BoundCall, Kernel, Param, Signature, Target

__all__ = ["TARGETS", "BoundCall", "Kernel", "Param", "Signature", "Target", "get"]
