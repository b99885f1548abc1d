"""What a user holds: schedules that can be built, checked and timed, and compiled functions."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tvmlab import schedule as scheduling
from tvmlab import targets
from tvmlab.errors import TargetError, TraceError, UsageError, brief
from tvmlab.ir.arrays import empty
from tvmlab.ir.printer import print_program
from tvmlab.ir.program import Program
from tvmlab.measure.compare import Agreement, Disagreement, compare
from tvmlab.measure.function import Function
from tvmlab.measure.timing import QUICK, Protocol, Timing
from tvmlab.ops.hole_template import HoleTemplate
from tvmlab.ops.workload import Workload
from tvmlab.schedule.caution import ScheduleWarning
from tvmlab.schedule.state import State
from tvmlab.schedule.trace import parse_document, steps_of
from tvmlab.targets.code_text import CodeText
from tvmlab.targets.cpu.code_report import CodeReport
from tvmlab.targets.cpu.target import report
from tvmlab.targets.cuda.report import KernelResources
from tvmlab.targets.cuda.target import CudaTarget
from tvmlab.targets.halved_kernel import build_kernel
from tvmlab.targets.target import Signature, Target
from tvmlab.te.evaluate import evaluate, random_inputs
from tvmlab.te.graph import as_outputs, graph_sizes
from tvmlab.te.promise import promise_constants
from tvmlab.te.serial import to_json
from tvmlab.te.size import trial_values, values_of
from tvmlab.te.specialise import specialise_tensors
from tvmlab.te.tensor import Tensor
from tvmlab.tune.client import start
from tvmlab.tune.database import Database
from tvmlab.tune.run import Run
from tvmlab.tune.store import shown

TargetLike = str | Mapping[str, Any]
Expression = Tensor | Sequence[Tensor] | Workload

CODE_TARGETS = {
    "llvm": "cpu",
    "asm": "cpu",
    "opencl": "opencl",
    "cuda": "cuda",
    "ptx": "cuda",
    "sass": "cuda",
}
"""Which target makes each kind of code that `Schedule.code` shows."""


class Schedule(scheduling.Schedule):
    """A schedule in the making that can be looked at, built, checked and timed."""

    def apply(self, step: scheduling.Step) -> list[scheduling.Loop]:
        """Append a step; the loops it made. Warns where the step made the program slow.

        Raises:
            ScheduleError: the step is illegal; nothing changed.
        """
        made = super().apply(step)
        for caution in self.state.cautions:
            warnings.warn(f"{step} is legal and slow, {caution}", ScheduleWarning, stacklevel=3)
        return made

    def lowered(self, target: TargetLike = "cpu") -> Program:
        """The machine-near program that code for `target` is printed from.

        Raises:
            TargetError: no such target, or it cannot run a program of that form.
        """
        return targets.get(target).lower(self.mod)

    def code(self, kind: str = "llvm", target: TargetLike | None = None) -> str:
        """Generated code, without running anything; a notebook shows it in colours.

        Args:
            kind: `llvm` or `asm`; further kinds come with their targets.
            target: the target to print for; the one that makes `kind` if left out.

        Raises:
            UsageError: unknown kind.
            TargetError: no such target.
        """
        machine = _machine_for(kind, target)
        return CodeText(machine.code(machine.emit(machine.lower(self.mod)), kind), kind)

    def code_lines(
        self, kind: str = "asm", target: TargetLike | None = None
    ) -> Sequence[tuple[str, int]]:
        """Generated code in lines, each with the line of `str(self)` it comes from (0: none).

        The lines are those of `code(kind)`, but for numbers of LLVM's metadata. Where they come
        from is told by marks that go through LLVM's optimiser, so a line that serves several
        names one of them.

        Raises:
            UsageError, TargetError: as `code`.
        """
        machine = _machine_for(kind, target)
        lines = print_program(self.mod).line_of()
        return machine.code_lines(machine.emit(machine.lower(self.mod), lines), kind)

    def code_report(self) -> CodeReport:
        """What machine code became of each innermost loop, and what in it is slow, in words.

        What the program itself tells of slowness is in `cautions`. Only the assembly of x86-64 is
        read; on other processors the report says so.
        """
        return report(print_program(self.mod), self.code_lines("asm", target="cpu"))

    def resources(self, target: TargetLike = "cuda") -> tuple[KernelResources, ...]:
        """Registers, spills, shared and local memory of each kernel on an NVIDIA GPU, and how many
        of its blocks a multiprocessor holds; no device is needed.

        Raises:
            TargetError: the target compiles no kernels for such GPUs, or the compiler is missing.
        """
        machine = targets.get(target)
        if not isinstance(machine, CudaTarget):
            raise TargetError(
                f"Target {machine.name!r} does not tell what a kernel takes of its processor; use "
                "target 'cuda', with an architecture such as 'sm_80'."
            )
        remark = machine.remark(self.mod)
        if remark:
            warnings.warn(remark, ScheduleWarning, stacklevel=2)
        return machine.resources(machine.emit(machine.lower(self.mod)))

    def build(self, target: TargetLike = "cpu") -> Function:
        """The compiled function."""
        return Function(build_kernel(targets.get(target), self.mod))

    def check(
        self, target: TargetLike = "cpu", seed: int = 0, **sizes: int | Sequence[int]
    ) -> list[Agreement | Disagreement]:
        """Run on random inputs and compare every output with the untransformed expression.

        Integers must agree exactly, floats within a bound that follows from the computation.
        One result for each output, true where it agrees and a sentence as text.

        Args:
            target: what to build for.
            seed: seeds the inputs.
            sizes: for sizes in the shapes, a value or several to be tried one after the other, as
                in `s.check(n=(1, 7, 64))`; those not given are tried at a few from their least
                on. There is one result for each output at each of them.

        Raises:
            UsageError: no such size, or a value outside its bounds.
        """
        function = self.build(target)
        found: list[Agreement | Disagreement] = []
        for values in trial_values(graph_sizes(self.outputs), sizes):
            given, outputs = _arrays_at(self.outputs, function.signature, values, seed)
            function(*given.values(), *outputs)
            where = " at " + ", ".join(f"{n} = {v}" for n, v in values.items()) if values else ""
            found += [
                compare(got, expected.value, expected.bound, expected.name + where)
                for got, expected in zip(outputs, evaluate(self.outputs, given), strict=True)
            ]
        return found

    def time(
        self,
        target: TargetLike = "cpu",
        seed: int = 0,
        protocol: Protocol = QUICK,
        **sizes: int,
    ) -> Timing:
        """Build and time on random inputs, at the given value of each size in the shapes.

        Raises:
            UsageError: a size is missing, unknown, or its value outside its bounds.
        """
        values_of(graph_sizes(self.outputs), sizes)
        function = self.build(target)
        given, outputs = _arrays_at(self.outputs, function.signature, sizes, seed)
        return function.time(*given.values(), *outputs, protocol=protocol)


def _arrays_at(
    outputs: Sequence[Tensor], signature: Signature, values: Mapping[str, int], seed: int
) -> tuple[dict[str, np.ndarray], list[np.ndarray]]:
    """Random inputs by name, and outputs full of junk, for sizes of these values."""
    given = random_inputs(specialise_tensors(outputs, values), seed)
    known = {s: values[s.name] for s in signature.sizes}
    return given, _poisoned(signature.at(known))


def _machine_for(kind: str, target: TargetLike | None) -> Target:
    """The target that makes code of `kind`."""
    if kind not in CODE_TARGETS and target is None:
        raise UsageError(
            f"code({kind!r}) is not a kind of code; use one of {', '.join(CODE_TARGETS)}."
        )
    return targets.get(target if target is not None else CODE_TARGETS[kind])


def _poisoned(signature: Signature) -> list[np.ndarray]:
    """Output arrays full of junk, so that an element left out shows."""
    outputs = []
    for param in signature.params:
        if param.is_output:
            array = empty(param.extents, param.dtype)
            array.view(np.uint8).fill(0x7F if param.dtype != "bool" else 1)
            outputs.append(array)
    return outputs


def tensors_of(value: Expression) -> Tensor | Sequence[Tensor]:
    """The output tensors of an expression or a workload of the operator library."""
    return value.tensors if isinstance(value, Workload) else value


def create_schedule(value: Expression) -> Schedule:
    """A schedule of a tensor expression or a workload, before any step.

    Raises:
        ExpressionError: not a tensor that computes something.
    """
    return Schedule(State.start(tensors_of(value)))


def build(value: Expression | scheduling.Schedule, target: TargetLike = "cpu") -> Function:
    """Compile a schedule (or an expression as it stands) for a target."""
    if isinstance(value, scheduling.Schedule):
        return Schedule(value.state).build(target)
    return create_schedule(value).build(target)


def replay(value: Expression, trace: str | bytes | Sequence[Mapping[str, Any]]) -> Schedule:
    """The schedule of `value` after the steps of a trace.

    Args:
        value: the expression, or a workload of it.
        trace: a trace document as JSON, or its steps alone as plain data, which is how a tuning
            run holds them: `t.replay(C, run.best.trace)`.

    Raises:
        TraceError: not a trace, of another version, with unknown steps, or of another expression.
        ScheduleError: a step is illegal.
    """
    if isinstance(trace, str | bytes):
        document = parse_document(trace)
    elif isinstance(trace, Sequence):
        document = {"steps": list(trace)}
    else:
        raise TraceError(
            f"{brief(trace)} is no trace; give one as JSON, or its steps, such as run.best.trace."
        )
    start_state = State.start(tensors_of(value))
    workload = document.get("workload")
    if workload is not None and workload != to_json(start_state.outputs):
        raise TraceError(
            "the trace belongs to another expression than the one given; pass the expression it "
            "was made for, or leave 'workload' out of the trace to apply its steps anyway."
        )
    return Schedule(start_state.replay(steps_of(document)))


def apply_best(
    value: Expression, db: str | Path, target: str = "cpu", anywhere: bool = False
) -> Schedule:
    """The schedule of `value` after the steps of its fastest verified trial on this machine.

    Args:
        value: the expression, or a workload of it.
        db: where `t.tune(..., db=...)` or `tvmlab tune --db` kept the trials.
        target: the name of the target it was tuned for.
        anywhere: take the fastest trial of whichever machine; what is fast on one need not be so,
            nor even be legal, on another.

    Raises:
        DatabaseError: the database cannot be read.
        UsageError: it holds no verified trial of this expression on that target, or only those of
            another machine.
    """
    tensors = as_outputs(tensors_of(value))
    workload, device = to_json(tensors), None if anywhere else targets.get(target).device()
    with Database.open(db, create=False) as database:
        best = database.best(workload, target, device)
        others = database.devices(workload, target) if best is None else []
    if best is None:
        named = value if isinstance(value, Workload) else tensors[0].name
        where = shown(db)
        if others:
            raise UsageError(
                f"{where} holds trials of {named} for {target} made on another machine only; tune "
                "it here, or take theirs with anywhere=True."
            )
        raise UsageError(
            f"{where} holds no verified trial of {named} for {target}; tune it first with "
            f"t.tune(..., db={where!r})."
        )
    return replay(value, best.trace)


def specialise(
    value: Expression | scheduling.Schedule, **sizes: int
) -> Schedule | Tensor | tuple[Tensor, ...]:
    """An expression or a schedule over sizes at given ones: all its extents are numbers.

    The steps of a schedule are applied anew; one that is legal for any size is legal for each,
    unless it would skip most of a loop, or cut what is one iteration long.

    Args:
        value: what has sizes made by `t.var` in its shapes.
        sizes: a value for each, by its name.

    Raises:
        UsageError: a size is missing, unknown, or its value outside its bounds.
        ScheduleError: a step makes no sense at these sizes.
    """
    if isinstance(value, scheduling.Schedule):
        start_state = State.start(specialise_tensors(value.outputs, sizes))
        return Schedule(start_state.replay(value.state.steps))
    outputs = tensors_of(value)
    known = specialise_tensors(outputs, sizes)
    return known[0] if isinstance(outputs, Tensor) else known


def with_constants(value: Expression, *names: str) -> Tensor | tuple[Tensor, ...]:
    """An expression whose inputs of these names are the same at every call, as weights are.

    `t.with_constants(t.ops.conv2d(...), "W")` says of an operator of the library what
    `t.placeholder(..., constant=True)` says of an input of one's own: times leave out what a
    schedule makes of W alone, and `f.prepare(W=w)` makes it once. To tuners it is another workload.

    Raises:
        UsageError: no names, or no input has that name.
    """
    outputs = tensors_of(value)
    promised = promise_constants(outputs, names)
    return promised[0] if len(promised) == 1 else promised


def tune(
    value: Expression | scheduling.Schedule,
    target: TargetLike = "cpu",
    trials: int = 64,
    seed: int = 0,
    db: str | Path | None = None,
    values: Mapping[str, int] | None = None,
    **options: Any,
) -> Run:
    """Search for a fast schedule, in a process of its own.

    Of a schedule with holes the holes are searched; of anything else, what the template of its
    operator leaves open (so too where `template=` names one). Where it is no operator with a
    template of its own, or with `space="sketch"`, the structures that rules derive from the
    expression are searched with their decisions; `space="template"` asks for the template.

    Kernels are measured at known sizes: where shapes are over sizes, `values` gives them, as in
    `t.tune(s, values={"n": 1024})`. The steps found may then be applied to the schedule of any n.

    `db` keeps every trial, in a file or on a PostgreSQL server (`postgresql://user@host/name`, with
    the extra `tvmlab[postgres]`). What it keeps outlives this process: `t.attach(db)` goes on with
    the run, and so does the same call with `resume=True`.

    Returns at once; the `Run` has `wait()`, `pause()`, `resume()`, `stop()`, `best` and `records`.
    """
    outputs = value.outputs if isinstance(value, scheduling.Schedule) else tensors_of(value)
    outputs = specialise_tensors(outputs, values or {})
    if not isinstance(target, str):
        raise TargetError("tune takes a target's name, such as 'cpu'.")
    if isinstance(value, scheduling.Schedule) and value.holes and "template" not in options:
        steps = [step.to_json() for step in value.trace.steps]
        options = {"template": HoleTemplate.kind, "steps": steps, **options}
    return start(outputs, target=target, trials=trials, seed=seed, db=db, **options)
