"""Measure points of a space once, to try explorers on: `tests/tune/recorded/NAME.parquet`.

    .venv/bin/python benchmarks/record_space.py NAME ... [--rounds 3] [--around "chrt -r 50"]

Every candidate is built first, by several processes; then all are timed, in an order drawn once,
several rounds after each other, so that the times of a candidate are spread over the recording;
what is then close to the best has as many rounds again.
Timing goes on in bursts of some seconds, each a process of its own that `--around` may be put
before: it can give it a core, or wait for a quiet moment. Both parts may be interrupted; begun
again, they go on where they were, from the folder `--folder`.

The spaces are those of `recorded_spaces.py`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from record_burst import PRESET, PROTOCOL
from recorded_spaces import POINTS, SPACES, SpaceToRecord
from recording import Recording, knob_to_json

from tvmlab.errors import ScheduleError, TvmlabError
from tvmlab.lower.pipeline import lower
from tvmlab.schedule import create_schedule
from tvmlab.targets.cpu.build import compile_object, set_compile_limit
from tvmlab.targets.cpu.limits import cpu_features
from tvmlab.targets.cpu.target import CpuTarget
from tvmlab.targets.target import Signature
from tvmlab.te.serial import to_json
from tvmlab.version import __version__

OUT = Path(__file__).resolve().parents[1] / "tests" / "tune" / "recorded"
BURST_S = 30.0
COMPILE_LIMIT_S = 10.0
CLOSE = 0.8
"""Of the best one's speed: what is looked at again."""


def build_all(name: str, folder: Path, points: int, workers: int) -> None:
    """Have every candidate that the folder lacks built."""
    (folder / "built").mkdir(parents=True, exist_ok=True)
    left = [i for i in range(points) if not (folder / "built" / f"{i}.json").exists()]
    begin = time.monotonic()
    given = (name, folder)
    with ProcessPoolExecutor(workers, initializer=start_building, initargs=given) as pool:
        for done, _ in enumerate(pool.map(build, left, chunksize=8), 1):
            if done % 200 == 0:
                pace = done / (time.monotonic() - begin)
                print(f"{name}: {done} of {len(left)} built, {pace:.0f} a second", flush=True)


class _Building:
    """What a building process knows: the space and the folder."""

    asked: SpaceToRecord
    points: np.ndarray
    folder: Path


def start_building(name: str, folder: Path) -> None:
    os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
    set_compile_limit(COMPILE_LIMIT_S)
    _Building.asked, _Building.folder = SPACES[name](), folder
    _Building.points = _Building.asked.points()


def build(index: int) -> None:
    """Build one candidate; how it ended becomes a file of the folder."""
    asked = _Building.asked
    schedule = create_schedule(asked.workload.tensors)
    found: dict[str, Any] = {"status": "illegal", "stage": "replay"}
    try:
        asked.apply(schedule, asked.space.config(_Building.points[index]))
        found |= {"trace": [step.to_json() for step in schedule.trace.steps]}
        found |= {"status": "build_error", "stage": "lower"}
        lowered = lower(schedule.mod)
        found["stage"] = "build"
        text = CpuTarget(PRESET).emit(lowered)
        compile_object(text, PRESET)
        workspaces = Signature.of(lowered).workspaces
        found |= {"status": "ok", "stage": "time", "text": text, "workspaces": workspaces}
    except TvmlabError as error:
        short = error.refusal.why if isinstance(error, ScheduleError) else str(error)
        found["reason"] = short.splitlines()[0][:200]
    path = _Building.folder / "built" / f"{index}.json"
    scratch = path.with_suffix(f".{os.getpid()}")
    scratch.write_text(json.dumps(found))
    scratch.replace(path)


def built(folder: Path) -> list[dict[str, Any]]:
    """How the building of each candidate ended, without its text."""
    count = sum(1 for _ in (folder / "built").glob("*.json"))
    found = []
    for index in range(count):
        data = json.loads((folder / "built" / f"{index}.json").read_text())
        data.pop("text", None)
        found.append(data)
    return found


def time_all(name: str, folder: Path, rounds: int, around: list[str]) -> None:
    """Time every built candidate `rounds` times, and what is then close to the best as often
    again: that one of thousands is first should not be its luck."""
    good = [i for i, row in enumerate(built(folder)) if row["status"] == "ok"]
    for number in range(rounds):
        time_round(name, folder, number, good, around)
    least = {index: min(times) for index, times in times_of(folder)[0].items()}
    fastest = min(least.values())
    close = [index for index, time_ns in least.items() if CLOSE * time_ns <= fastest]
    for number in range(rounds, 2 * rounds):
        time_round(name, folder, number, sorted(close), around)


def time_round(name: str, folder: Path, number: int, indices: list[int], around: list[str]) -> None:
    """Time candidates once, in an order drawn for the round."""
    log = folder / f"round{number}.jsonl"
    failed = times_of(folder)[1]
    order = np.random.default_rng(number).permutation(without(indices, set(failed))).tolist()
    while left := without(order, answered(log)):
        asked = {"name": name, "folder": str(folder), "seconds": BURST_S, "indices": left,
                 "sentinel": indices[0], "check": number == 0}  # fmt: skip
        print(f"{name}: round {number + 1}, {len(left)} left", flush=True)
        burst(asked, log, around)


def without(order: list[int], done: set[int]) -> list[int]:
    return [index for index in order if index not in done]


def answered(log: Path) -> set[int]:
    """The candidates that a round's log has an answer for."""
    return {line["index"] for line in lines(log) if "index" in line}


def lines(log: Path) -> Iterator[dict[str, Any]]:
    if log.exists():
        yield from map(json.loads, log.read_text().splitlines())


def burst(asked: dict[str, Any], log: Path, around: list[str]) -> None:
    """One process that times candidates; the one it dies on has crashed."""
    script = Path(__file__).with_name("record_burst.py")
    environment = os.environ | {"XDG_CACHE_HOME": str(Path(asked["folder"]) / "cache")}
    done = subprocess.run(
        [*around, sys.executable, str(script)],
        input=json.dumps(asked), stdout=subprocess.PIPE, text=True, env=environment, check=False,
    )  # fmt: skip
    told = [json.loads(line) for line in done.stdout.splitlines() if line.endswith("}")]
    begun = next((line["begins"] for line in reversed(told) if "begins" in line), None)
    if begun is not None and not any(line.get("index") == begun for line in told):
        reason = f"the process ended with {done.returncode}"
        told.append({"index": begun, "crash": reason})
    if not told:
        sys.exit(f"a burst ended with {done.returncode} before it had timed anything.")
    with log.open("a") as file:
        file.writelines(json.dumps(line) + "\n" for line in told if "begins" not in line)


def times_of(
    folder: Path,
) -> tuple[dict[int, list[float]], dict[int, tuple[str, str, str]], list[float]]:
    """What the logs say: of each candidate its times in nanoseconds, or how it failed; and the
    times of the sentinel in seconds."""
    times: dict[int, list[float]] = {}
    failed: dict[int, tuple[str, str, str]] = {}
    sentinel: list[float] = []
    for log in sorted(folder.glob("round*.jsonl")):
        for line in lines(log):
            if "sentinel_s" in line:
                sentinel.append(line["sentinel_s"])
            elif "crash" in line:
                failed[line["index"]] = ("crash", "run", line["crash"])
            elif line["wrong"]:
                failed[line["index"]] = ("wrong_answer", "compare", line["wrong"])
            else:
                times.setdefault(line["index"], []).append(line["time_s"] * 1e9)
    return {i: taken for i, taken in times.items() if i not in failed}, failed, sentinel


def recording(name: str, folder: Path, rounds: int) -> Recording:
    """The recording that the folder holds."""
    asked, rows = SPACES[name](), []
    times, failed, sentinel = times_of(folder)
    for index, (row, digits) in enumerate(zip(built(folder), asked.points(), strict=False)):
        status, stage, reason = failed.get(
            index, (row["status"], row["stage"], row.get("reason", ""))
        )
        steps = json.dumps(row.get("trace", []), separators=(",", ":"))
        rows.append({"digits": digits.tolist(), "status": status, "stage": stage, "reason": reason,
                     "times_ns": times.get(index, []), "trace": steps})  # fmt: skip
    features = cpu_features()
    environment = {
        "tvmlab": __version__, "python": platform.python_version(), "processor": features.model,
        "instruction_sets": list(features.instruction_sets), "threads": 1, "preset": PRESET,
        "protocol": vars(PROTOCOL), "rounds": [rounds, 2 * rounds],
        "date": time.strftime("%Y-%m-%d"),
    }  # fmt: skip
    about = {
        "name": name, "workload": to_json(asked.workload.tensors), "operator": str(asked.workload),
        "flops": asked.workload.flops, "drawn_from": asked.space.size,
        "knobs": list(map(knob_to_json, asked.space.knobs)),
        "environment": environment, "sentinel": {"times_s": sentinel},
    }  # fmt: skip
    return Recording(about, rows)


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(description="Measure whole spaces.")
    found.add_argument("names", nargs="+", choices=list(SPACES))
    found.add_argument("--rounds", type=int, default=3, help="times of each candidate")
    found.add_argument("--points", type=int, default=POINTS, help="configurations of a space")
    found.add_argument("--workers", type=int, default=os.cpu_count(), help="that build")
    found.add_argument("--around", default="", help="a command put before each burst of timing")
    found.add_argument("--folder", type=Path, help="where to keep what is not finished")
    found.add_argument("--only", choices=("build",), help="stop after this part")
    return found


def main() -> None:
    args = parser().parse_args()
    for name in args.names:
        folder = (args.folder or Path(tempfile.gettempdir()) / "tvmlab-record") / name
        build_all(name, folder, args.points, args.workers)
        if args.only == "build":
            continue
        time_all(name, folder, args.rounds, shlex.split(args.around))
        (OUT / name).parent.mkdir(parents=True, exist_ok=True)
        recording(name, folder, args.rounds).write(OUT / f"{name}.parquet")
        print(f"{name}: {OUT / f'{name}.parquet'}", flush=True)


if __name__ == "__main__":
    main()
