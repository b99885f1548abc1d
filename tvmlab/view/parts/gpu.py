"""The kernels of the state shown: looked into on demand, drawn at any moment, on any GPU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tvmlab.analysis.estimate import GPUS, GpuFacts
from tvmlab.errors import TvmlabError, UsageError
from tvmlab.schedule import State
from tvmlab.view.arguments import as_position, as_text
from tvmlab.view.compared import compared_states, ranked
from tvmlab.view.desk import Desk
from tvmlab.view.engine import Allotted
from tvmlab.view.kernels import Kernels, estimate_of
from tvmlab.view.latest import Latest
from tvmlab.view.parts.part import Handler, Intent, Part
from tvmlab.view.schema import ElsewhereView, GpuMachineView, GpuView, MappingView, TargetView
from tvmlab.view.thread_picture import loops_at, moments_of, moved, picture

KB = 1024
MOST = {"multiprocessors": 1024, "shared_kb": 1024, "registers_k": 1024}
"""Of what can be thought of."""


class GpuPart(Part):
    """Shows a `GpuView`."""

    name = "gpu"
    slow = frozenset({"gpu", "target"})

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._latest = Latest()
        self._reason = ""
        self._failed: State | None = None
        self._found: Kernels | None = None
        self._machine = _machine_view(next(iter(GPUS.values())))
        self._mapping: MappingView | None = None
        self._states: list[ElsewhereView] = []
        self._told = ""
        self._no_code, self._remark = "", ""
        self._is_seen = False

    def view(self) -> GpuView:
        """What was found last."""
        found, gpu = self._found, _thought_of(self._machine)
        targets = self.desk.engine.targets() if self._is_seen else ()
        shown = self._failed or (found.state if found is not None else None)
        return {
            "status": self._latest.status(self._reason, found is not None),  # type: ignore[typeddict-item]
            "reason": self._reason,
            "is_stale": shown is not None and shown is not self.desk.state,
            "target": self.desk.engine.target,
            "targets": list(targets),
            "target_told": _of_target(
                self.desk.engine.target, targets, self._no_code, self._remark
            ),
            "gpus": list(GPUS),
            "machine": self._machine,
            "this_machine": _machine_view(GPUS[self._machine["gpu"]]),
            "kernels": found.kernel_views(gpu) if found is not None else [],
            "accesses": found.access_views() if found is not None else [],
            "mapping": self._mapping,
            "barriers": found.barrier_views() if found is not None else [],
            "states": self._states,
            "told": self._told,
            "refusal": self.desk.refusal("gpu"),
        }

    def intents(self) -> Mapping[str, Handler]:
        """Looking into the kernels, on the `machine` given if one is, and at another moment; making
        code for another target."""
        return {"gpu": self._look, "gpu_at": self._go_to, "target": self._choose}

    def forget_target(self) -> None:
        """Nothing was looked into."""
        self._latest.forget()
        self._found, self._failed, self._reason, self._no_code = None, None, "", ""
        self._remark = ""

    def _choose(self, intent: Intent) -> None:
        """Work for another target, and see what becomes of the schedule there."""
        with self.desk.lock:
            self.desk.choose_target(as_text(intent, "name"))
        self.desk.changed()
        self._look({})

    def _look(self, intent: Intent) -> None:
        desk = self.desk
        machine = _as_machine(intent.get("machine"), self._machine)
        with desk.lock:
            ticket, state = self._latest.ask(), desk.state
            self._is_seen = True
            others = {state: "shown", **compared_states(desk, state)}
            self._machine = machine
            desk.think_of(_thought_of(machine))
        desk.changed()
        found, reason, told = self._found, "", ""
        here, there = GPUS[machine["gpu"]], _thought_of(machine)
        no_code, remark = desk.engine.why_no_code(state), desk.engine.code_remark(state)
        states: list[ElsewhereView] = []
        try:
            if found is None or found.state is not state:
                found = Kernels.of(state, self._allotted(state))
            states, told = ranked(
                others, state, lambda s: estimate_of(s, here), lambda s: estimate_of(s, there)
            )
        except TvmlabError as error:
            reason = str(error)
        with desk.lock:
            if not self._latest.settle(ticket):
                return
            self._reason, self._failed = reason, state if reason else None
            is_new = found is not self._found
            self._found = None if reason else found
            self._states, self._told = states, told
            if is_new or reason:
                self._mapping = self._first_picture()
            self._no_code, self._remark = no_code, remark

    def _allotted(self, state: State) -> Sequence[Allotted]:
        """What a compiler says, if it does; what it refuses, it says where code is asked for."""
        try:
            return self.desk.engine.registers(state)
        except TvmlabError:
            return ()

    def _first_picture(self) -> MappingView | None:
        """The buffer that was looked at before, if it is still there, else the first in memory."""
        if self._found is None or not self._found.accesses:
            return None
        before = self._mapping
        found = [(n, what) for n, (what, _) in enumerate(self._found.accesses)]
        found.sort(
            key=lambda pair: before is None or pair[1].access.buffer.name != before["buffer"]
        )
        for number, what in found:
            try:
                return picture(number, what, (0, 0, 0), 0)
            except UsageError:
                continue
        return None

    def _go_to(self, intent: Intent) -> None:
        """Another access, block or moment; each stays where the intent does not name it."""
        found, now = self._found, self._mapping
        if found is None or now is None:
            raise UsageError("no kernel has been looked into yet; open the tab GPU first.")
        number = as_position(intent, "access") if "access" in intent else now["access"]
        if number >= len(found.accesses):
            raise UsageError(f"there is no access {number}; click one in the table.")
        what, _ = found.accesses[number]
        moment = min(now["moment"], moments_of(what) - 1) if number == now["access"] else 0
        if "moment" in intent:
            moment = min(as_position(intent, "moment"), moments_of(what) - 1)
        elif "loop" in intent:
            by = 1 if intent.get("by", 1) != -1 else -1
            names = [each["name"] for each in loops_at(what, moment)]
            if as_text(intent, "loop") not in names:
                raise UsageError(f"no thread goes through a loop {intent['loop']!r} there.")
            moment = moved(what, moment, as_text(intent, "loop"), by)
        wanted = intent.get("block", now["block"])
        if not isinstance(wanted, list) or len(wanted) != 3 or not all(
            isinstance(n, int) for n in wanted
        ):  # fmt: skip
            raise UsageError(f"a block is three whole numbers, not {wanted!r}.")
        x, y, z = (
            min(max(n, 0), most - 1) for n, most in zip(wanted, what.launch.grid, strict=True)
        )
        self._mapping = picture(number, what, (x, y, z), moment)


def _of_target(name: str, every: Sequence[TargetView], no_code: str, remark: str) -> str:
    """What is wrong with the schedule on a target, or with the target here; empty if nothing is."""
    now = next((t for t in every if t["name"] == name), None)
    if now is None:
        return ""
    if no_code:
        return f"No code for {now['title']}: {no_code}"
    problem = f"It cannot run here: {now['problem']}" if now["problem"] else ""
    return " ".join(filter(None, (problem, remark)))


def _machine_view(gpu: GpuFacts) -> GpuMachineView:
    return {
        "gpu": gpu.name,
        "multiprocessors": gpu.multiprocessors,
        "shared_kb": gpu.one.shared_bytes // KB,
        "registers_k": gpu.one.registers // KB,
    }


def _as_machine(given: object, known: GpuMachineView) -> GpuMachineView:
    """The machine an intent asks for: as it was where it names none; another GPU as it is where
    nothing else is said of it."""
    if given is None:
        return known
    if not isinstance(given, Mapping):
        raise UsageError(f"'machine' is a table of figures, not {given!r}; move a slider.")
    name = given.get("gpu", known["gpu"])
    if name not in GPUS:
        raise UsageError(f"the GPU {name!r} is not known; use one of {', '.join(GPUS)}.")
    machine = dict(_machine_view(GPUS[name]))
    for key, most in MOST.items():
        value = given.get(key, machine[key])
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
            raise UsageError(f"{key} is {value!r}; give a whole number of 1 to {most}.")
        machine[key] = value
    return machine  # type: ignore[return-value]


def _thought_of(machine: GpuMachineView) -> GpuFacts:
    """The published GPU changed as wanted."""
    gpu = GPUS[machine["gpu"]]
    shared = machine["shared_kb"] * KB
    apart = gpu.one.shared_bytes - gpu.one.block_shared_bytes
    one = replace(
        gpu.one,
        shared_bytes=shared,
        block_shared_bytes=shared - apart,
        registers=machine["registers_k"] * KB,
    )
    return replace(gpu, multiprocessors=machine["multiprocessors"], one=one)
