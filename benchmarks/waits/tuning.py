"""A lab beside a tuner at work."""

from __future__ import annotations

import json
from collections.abc import Iterator

from playwright.sync_api import WebSocket

from benchmarks.waits.desk import Desk, Waits
from benchmarks.waits.lines import SMALL
from benchmarks.waits.stepping import applied_and_undone
from tests.browser.lab_pane import SLOW_MS


def tuning(desk: Desk, count: int) -> Iterator[Waits]:
    """Steps taken while a tuner works, and what its points weigh on their way."""
    frames: list[bytes] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda p: frames.append(p if isinstance(p, bytes) else b""))

    desk.page.on("websocket", listen)
    pane = desk.open(SMALL)
    pane.tab("Tune")
    tuner = pane.pane("tuner")
    tuner.get_by_label("Number of trials").fill("5000")
    pane.button("tuner", "Tune").click()
    tuner.locator(".tv-leader").first.wait_for(timeout=SLOW_MS)
    yield from applied_and_undone(desk, count, " while tuning", 0.1, 0.1)
    pane.button("tuner", "Stop").click()
    sizes = [size for frame in frames for size in point_bytes(frame)]
    yield Waits("bytes of a point of the frontier", 100, sizes, "B")


def point_bytes(frame: bytes) -> list[float]:
    """Bytes that each point takes in a frame of Jupyter's protocol; none where it brings none."""
    if b'"points"' not in frame:
        return []
    count = int.from_bytes(frame[:8], "little")
    offsets = [int.from_bytes(frame[8 * n : 8 * n + 8], "little") for n in range(1, count + 1)]
    content = json.loads(frame[offsets[4] : offsets[5]]).get("data", {}).get("content", {})
    return [float(len(json.dumps(point))) for point in content.get("points", [])]
