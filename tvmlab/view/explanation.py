"""What can be said of a state in sentences: each is computed from its program, none is canned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tvmlab.analysis.estimate import GPUS, Estimate, GpuFacts, MachineFacts
from tvmlab.analysis.strides import CLOSE, Stride, strides
from tvmlab.analysis.work import Work
from tvmlab.ir.axis import kernels
from tvmlab.ir.dtypes import size_bytes
from tvmlab.ir.program import For
from tvmlab.measure.figures import figure, time_words
from tvmlab.schedule import State
from tvmlab.schedule.cautioning import cautions
from tvmlab.schedule.find import Site, sites
from tvmlab.view.kernels import Kernels
from tvmlab.view.schema import FactView, LoopRef, ShareView

ASKS: Mapping[str, str] = {
    "arithmetic": "arithmetic",
    "loads": "loads from the nearest cache",
    "stores": "stores",
    "issue": "issuing instructions",
    "chain": "sums that wait for the one before",
    "overhead": "loops and threads",
}
"""What takes time, in words, by the parts of an estimate."""

NEXT = 0.5
"""Of the greatest part: what is as large is named with it."""
LEAST = 0.005
"""Of the greatest part: what is less is not told."""
USED = 0.995
"""Of what memory hands out: where less is used, it is told."""
MOST_BLOCKS = 4
"""Blocks of which something is said, those with most iterations."""


def shares(told: Estimate) -> list[ShareView]:
    """What the time goes to, each as if it were alone, the greatest first."""
    times = {ASKS.get(name, name): time_s for name, time_s in told.parts.items()}
    times |= {f"traffic from {t.name}": t.time_s for t in told.traffic}
    most = max(times.values(), default=0.0)
    found: list[ShareView] = [
        {"name": name, "time": time_words(time_s), "share": time_s / most}
        for name, time_s in times.items()
        if time_s > LEAST * most
    ]
    return sorted(found, key=lambda part: -part["share"])


def facts(
    state: State, told: Estimate, machine: MachineFacts | GpuFacts, work: Work
) -> list[FactView]:
    """The sentences about a state, the most telling first."""
    on_gpu = isinstance(machine, GpuFacts)
    found = [_bound(told, f" on the {machine.name}" if isinstance(machine, GpuFacts) else "")]
    if isinstance(machine, MachineFacts):
        found += _parallel(told, machine)
    found += [*_reuse(told, work), *_mapping(state, machine)]
    largest = sorted(sites(state.program), key=_iterations, reverse=True)[:MOST_BLOCKS]
    for site in largest if not on_gpu else ():
        found.extend(_lanes(site))
    for caution in cautions(state.program):
        at: LoopRef = {"block": caution.block, "loop": caution.loop}
        found.append(_fact("slow", f"{caution}", at if caution.loop else None))
    return found


def _fact(kind: str, text: str, at: LoopRef | None = None) -> FactView:
    text = text[0].upper() + text[1:]
    return {"kind": kind, "text": text if text.endswith(".") else f"{text}.", "at": at}


def _bound(told: Estimate, where: str) -> FactView:
    between = f"{time_words(told.low_s)} to {time_words(told.high_s)}"
    words = [f"a call should take {time_words(told.time_s)}{where} ({between})"]
    for link, part in zip(("; what binds it is", ", then"), shares(told), strict=False):
        if part["share"] >= NEXT:
            words.append(f"{link} {part['name']} ({part['time']} alone)")
    return _fact("bound", "".join(words))


def _mapping(state: State, machine: MachineFacts | GpuFacts) -> Iterator[FactView]:
    """How kernels lie on a GPU, and which of their accesses waste most of what memory hands out."""
    if not any(True for _ in kernels(state.program.body)):
        return
    found = Kernels.of(state)
    gpu = machine if isinstance(machine, GpuFacts) else next(iter(GPUS.values()))
    for kernel in found.kernel_views(gpu):
        yield _fact("mapping", kernel["words"], kernel["at"])
    wasteful = [a for a in found.access_views() if 0 < a["share"] < USED]
    for access in sorted(wasteful, key=lambda a: a["share"])[:MOST_BLOCKS]:
        yield _fact("mapping", f"{access['name']}: {access['words']}", access["at"])


def _parallel(told: Estimate, machine: MachineFacts) -> Iterator[FactView]:
    if machine.cores < 2:
        return
    share = told.parallel_share
    if share < 0.005:
        yield _fact("parallel", f"no loop is parallel: 1 of {machine.cores} cores works")
    else:
        yield _fact(
            "parallel", f"{100 * share:.0f} % of the work is shared by {machine.cores} cores"
        )


def _reuse(told: Estimate, work: Work) -> Iterator[FactView]:
    moved = [t for t in told.traffic if t.size_bytes >= 1]
    if not moved or not work.size_bytes:
        yield _fact("reuse", "all data stays in the nearest cache from call to call")
        return
    words = [
        f"{_bytes(t.size_bytes)} from {t.name} ({_times(t.size_bytes / work.size_bytes)})"
        for t in moved
    ]
    yield _fact(
        "reuse", f"of the tensors' {_bytes(work.size_bytes)} it moves {', '.join(words)} a call"
    )


def _times(count: float) -> str:
    text = figure(count, 2)
    return "once" if text == "1" else f"{text} times"


def _bytes(count: float) -> str:
    scale, unit = next(
        ((s, u) for s, u in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")) if count >= s), (1.0, "B")
    )
    return f"{figure(count / scale)} {unit}"


def _iterations(site: Site) -> int:
    total = 1
    for loop in site.loops:
        total *= loop.extent if isinstance(loop.extent, int) else 1
    return total


def _lanes(site: Site) -> Iterator[FactView]:
    """Whether a block computes several elements at once, and what the innermost loop touches."""
    name = site.block.name
    wide = next((loop for loop in site.loops if loop.kind == "vectorized"), None)
    if wide is not None:
        words = f"{name} computes {wide.extent} elements at once, along {wide.var.name}"
        yield _fact("vectors", words, {"block": name, "loop": wide.var.name})
    elif site.loops:
        inner = site.loops[-1]
        yield _fact(
            "vectors",
            f"{name} computes one element at a time; {_along(site, inner)}",
            {"block": name, "loop": inner.var.name},
        )


def _along(site: Site, loop: For) -> str:
    """How what is touched moves with a loop, by buffer."""
    words = []
    for stride in dict.fromkeys(strides(site.block, site.loops, loop)):
        words.append(f"{stride.buffer.name} {_steps(stride)}")
    touched = " and ".join(dict.fromkeys(words)) or "it touches no memory"
    return f"from one {loop.var.name} to the next {touched}"


def _steps(stride: Stride) -> str:
    if stride.elements is None:
        return "goes anywhere"
    if stride.elements == 0:
        return "stays"
    if abs(stride.elements) == 1:
        return "goes on by one element"
    jump = abs(stride.elements) * size_bytes(stride.buffer.dtype)
    return f"jumps {_bytes(jump)}" + ("" if abs(stride.elements) > CLOSE else ", which is close")
