"""Kernels of programs with constant inputs: what is made of these alone is a kernel of its own.

Called on all its arrays, such a kernel runs both halves, so it is right whatever it is given. Bound
to arrays (`prepare`), it runs the first half then, and a call is the second alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tvmlab.analysis.constant_part import Halves, halves
from tvmlab.errors import TargetError, UsageError
from tvmlab.ir import Program
from tvmlab.ir.arrays import empty
from tvmlab.ir.shapes import sizes_from_shapes, sizes_of, value_of
from tvmlab.ir.size import Size
from tvmlab.targets.target import BoundCall, Kernel, Signature, Target

DECLARE = "t.placeholder(..., constant=True)"


def build_kernel(target: Target, program: Program) -> Kernel:
    """A scheduled program compiled: in two halves where it does something with constants alone.

    Raises:
        TargetError: the target cannot run a program of that form, or its compiler refused.
    """
    return lower_kernel(target, program)()


def lower_kernel(target: Target, program: Program) -> Callable[[], Kernel]:
    """The first half of `build_kernel`: the program is lowered, and what is given compiles it."""
    parts = halves(program)
    if parts is None:
        return _lowered(target, program)
    once, rest = _lowered(target, parts.once), _lowered(target, parts.rest)
    return lambda: HalvedKernel(program, parts, once(), rest(), lambda: _lowered(target, program)())


def constants_of(kernel: Kernel) -> tuple[str, ...]:
    """The constants that a kernel makes something of once, which no time of a call counts."""
    return kernel.constants if isinstance(kernel, HalvedKernel | PreparedKernel) else ()


class HalvedKernel:
    """A kernel in two halves, callable on arrays in the order of `signature.params`.

    Attributes:
        signature: that of the whole program.
        constants: the inputs that the first half reads.
        once, rest: the halves.
    """

    def __init__(
        self,
        program: Program,
        parts: Halves,
        once: Kernel,
        rest: Kernel,
        whole: Callable[[], Kernel],
    ) -> None:
        """Of a program's `parts`, which were compiled; `whole` compiles both as one."""
        params = Signature.of(program).params
        self.signature = Signature(program.name, params, (), sizes_of(program))
        self.once, self.rest = once, rest
        self.constants = tuple(b.name for b in parts.once.params[: -len(parts.kept)])
        self._whole = whole

    def __call__(self, *arrays: Any) -> None:
        """Run both halves; outputs are written in place. Errors as of any kernel."""
        self.rest(*self._for_the_rest(arrays))

    def prepare(self, *arrays: Any) -> BoundCall:
        """Run the first half on the constants now, and bind the second to the arrays."""
        return self.rest.prepare(*self._for_the_rest(arrays))

    def kept(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What the first half makes of constants, by name.

        Args:
            given: all constants by name, as any may tell a size, and perhaps other arrays.
        """
        params = self.once.signature.params
        inputs = [p for p in params if not p.is_output]
        values = _told_sizes(self.signature, given)
        made = {
            p.name: empty([value_of(e, values) for e in p.shape], p.dtype)
            for p in params
            if p.is_output
        }
        self.once(*(given[p.name] for p in inputs), *made.values())
        return made

    def code(self, kind: str) -> str:
        """The generated text of both halves."""
        return f"{self.once.code(kind)}\n{self.rest.code(kind)}"

    def export(self, path: Path) -> Path:
        """Write the program as one function, which makes of constants what it needs in every call;
        the path of what describes it."""
        return self._whole().export(path)

    def _for_the_rest(self, arrays: Sequence[Any]) -> list[Any]:
        """The arrays that the second half takes, after a run of the first."""
        given = _by_name(self.signature, arrays)
        given |= self.kept(given)
        return [given[p.name] for p in self.rest.signature.params]


class PreparedKernel:
    """A kernel that has its constants, callable on the other arrays in the order of `signature`.

    Safe to call from several threads at once where its kernel is.

    Attributes:
        signature: of the arrays that are still asked for.
        constants: the inputs that something was made of.
        rest: the compiled code that a call runs.
    """

    def __init__(self, kernel: Kernel, constants: Mapping[str, Any]) -> None:
        """Run what `kernel` makes of the `constants` alone, given by name.

        Raises:
            UsageError: a constant is missing, unknown, or not declared to be one.
            TargetError: an array has the wrong shape, dtype or layout.
        """
        whole = kernel.signature
        _check_constants(whole, constants)
        held = dict(constants)
        self.rest = kernel
        self.constants = constants_of(kernel)
        if isinstance(kernel, HalvedKernel):
            held |= kernel.kept(constants)
            self.rest = kernel.rest
        self._held = [held.get(p.name) for p in self.rest.signature.params]
        self._whole, self._constants = whole, dict(constants)
        asked = tuple(p for p in whole.params if not p.is_constant)
        self.signature = Signature(whole.name, asked, (), whole.sizes)

    def __call__(self, *arrays: Any) -> None:
        """Run on the arrays that are no constants; errors as of any kernel."""
        self.rest(*self._with_held(arrays))

    def prepare(self, *arrays: Any) -> BoundCall:
        """Check the arrays now and bind them."""
        return self.rest.prepare(*self._with_held(arrays))

    def code(self, kind: str) -> str:
        """The generated text of what a call runs."""
        return self.rest.code(kind)

    def export(self, path: Path) -> Path:
        """Refused: what was prepared is in this process alone."""
        raise TargetError(
            f"Kernel {self.signature.name} was prepared with arrays of this process, which no "
            "library can hold; export the function that it was prepared from."
        )

    def _with_held(self, arrays: Sequence[Any]) -> list[Any]:
        _told_sizes(self._whole, self._constants | _by_name(self.signature, arrays))
        given = iter(arrays)
        return [next(given) if held is None else held for held in self._held]


def _lowered(target: Target, program: Program) -> Callable[[], Kernel]:
    lowered = target.lower(program)
    return lambda: target.build(target.emit(lowered), Signature.of(lowered))


def _by_name(signature: Signature, arrays: Sequence[Any]) -> dict[str, Any]:
    signature.check_count(arrays)
    return dict(zip([p.name for p in signature.params], arrays, strict=True))


def _told_sizes(signature: Signature, given: Mapping[str, Any]) -> dict[Size, int]:
    """The sizes that arrays tell, given by name, as far as a kernel's shapes are over sizes.

    Raises:
        TargetError: two disagree, or one does not fit.
    """
    if not signature.sizes:
        return {}
    params = [p for p in signature.params if p.name in given]
    shapes = [getattr(given[p.name], "shape", ()) for p in params]
    try:
        return sizes_from_shapes([(p.name, p.shape) for p in params], shapes)
    except UsageError as error:
        raise TargetError(f"Kernel {signature.name}: {error}") from None


def _check_constants(signature: Signature, given: Mapping[str, Any]) -> None:
    """Refuse what is not exactly the constants of a kernel."""
    inputs = [p for p in signature.params if not p.is_output]
    wanted = [p.name for p in inputs if p.is_constant]
    if not wanted:
        raise UsageError(
            f"{signature.name} has no constant inputs to prepare; declare those that stay the same "
            f"with {DECLARE}."
        )
    for name in given:
        if name in wanted:
            continue
        if name in [p.name for p in inputs]:
            raise UsageError(
                f"{name} is no constant of {signature.name}; give it at each call, or declare it "
                f"with {DECLARE}."
            )
        raise UsageError(
            f"{signature.name} has no input {name!r}; its constants are {', '.join(wanted)}."
        )
    missing = [name for name in wanted if name not in given]
    if missing:
        raise UsageError(
            f"{signature.name} was prepared without {', '.join(missing)}; give all its constants: "
            f"{', '.join(f'{name}=...' for name in wanted)}."
        )
