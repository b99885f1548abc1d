"""Measuring on other machines: a runner that hands requests to a Dask cluster.

    dask scheduler --host 127.0.0.1
    dask worker tcp://127.0.0.1:8786 --nthreads 1 --no-nanny --resources cpu=1

Each device has a worker of one thread, which offers one piece of a resource named like the target
(`cpu`); so a device measures one candidate at a time. The kernel always runs in a disposable child
of the worker (`tvmlab.measure.cluster_worker`), never in the worker. Nothing is tried again because
it failed; only what a dead worker held goes to another.

Whoever can talk to a scheduler can run code on its workers, so an address beyond this machine must
be encrypted: `tls://host:8786`, with certificates that Dask's configuration names on every side
(`DASK_DISTRIBUTED__COMM__TLS__CA_FILE`, and `..__TLS__SCHEDULER__CERT` and `..__KEY`, likewise
`WORKER` and `CLIENT`; https://distributed.dask.org/en/stable/tls.html).
"""

from __future__ import annotations

import json
import logging
import queue
import time
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from typing import Any

from tvmlab.errors import MeasureError, UsageError
from tvmlab.measure.child import Limits
from tvmlab.measure.cluster_address import safe_address
from tvmlab.measure.cluster_worker import measure_here, other_version, outcome_of, own_version
from tvmlab.measure.job import CandidateJob
from tvmlab.measure.outcome import Outcome, failure
from tvmlab.measure.request import Request
from tvmlab.measure.runner import on_threads, refuse_closed
from tvmlab.measure.worker import Job

CONNECT_S = 10.0
"""How long a scheduler may take to answer."""

PATIENCE_S = 60.0
"""How long a run waits where every worker is gone."""

LOOK_S = 1.0
"""How often a waiting runner looks whether scheduler and workers are there."""


class ClusterRunner:
    """Measures on the workers of the Dask scheduler at `address`, all that offer `target`.

    Raises:
        UsageError: the package is missing, or the address is no address, or neither on this machine
            nor encrypted.
        MeasureError: nobody answers, no worker offers the target, or one has another tvmlab. From
            `poll`: the scheduler is gone, or all workers are for `PATIENCE_S`.
    """

    def __init__(
        self,
        address: str,
        target: str = "cpu",
        limits: Limits | None = None,
        job: Job | None = None,
    ) -> None:
        self._address = safe_address(address)
        self._target = target
        self._limits = asdict(limits or Limits())
        self._job = CandidateJob() if job is None else job
        self._answers: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._futures: dict[int, Any] = {}
        self._tickets = 0
        self._closed = False
        self._seen = time.monotonic()
        self._client = _connected(self._address)
        try:
            self._require_workers()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> ClusterRunner:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def devices(self) -> int:
        """The workers that offer the target now; at least 1."""
        return max(1, len(self._workers()))

    @property
    def slots(self) -> int:
        """One request for each worker, and one to take up at once."""
        return 2 * self.devices

    @property
    def pending(self) -> int:
        """Tickets not yet handed out by `poll`."""
        return len(self._futures)

    def submit(self, request: Request) -> int:
        """Hand the request to the scheduler; parallel loops run on as many threads as here."""
        refuse_closed(self._closed)
        ticket, self._tickets = self._tickets, self._tickets + 1
        future = self._client.submit(
            measure_here,
            own_version(),
            self._limits,
            self._job,
            json.dumps(on_threads(request).to_json()),
            resources={self._target: 1},
            retries=0,
            pure=False,
        )
        self._await(ticket, future)
        return ticket

    def poll(self, timeout_s: float) -> list[tuple[int, Outcome]]:
        """Tickets answered; waits up to `timeout_s` for the first."""
        end = time.monotonic() + timeout_s
        answered: list[tuple[int, Outcome]] = []
        while self._futures and not answered:
            left_s = end - time.monotonic()
            with suppress(queue.Empty):
                answered += self._taken(self._answers.get(timeout=min(LOOK_S, max(0, left_s))))
            if not answered:
                self._require_cluster()
                if left_s <= 0:
                    break
        while answered and not self._answers.empty():
            answered += self._taken(self._answers.get())
        return answered

    def close(self) -> None:
        """Give up what is pending and leave the cluster; its workers stay."""
        if self._closed:
            return
        self._closed = True
        with suppress(Exception):  # the scheduler may be gone
            self._client.cancel(list(self._futures.values()), force=True)
        self._futures.clear()
        with suppress(Exception):
            self._client.close(timeout=2.0)

    # ---- inside

    def _await(self, ticket: int, future: Any) -> None:
        self._futures[ticket] = future
        future.add_done_callback(partial(_put, self._answers, ticket))

    def _taken(self, ticket: int) -> list[tuple[int, Outcome]]:
        """The answer of a ticket; none where it died with its worker and is worked out again."""
        future = self._futures.pop(ticket)
        if future.status == "finished":
            try:
                return [(ticket, outcome_of(future.result()))]
            except OSError as broken:  # the connection, while the answer was fetched
                raise self._gone() from broken
        if future.status == "error":
            error = future.exception()
            words = str(error).strip().splitlines() or [type(error).__name__]
            return [(ticket, failure("crash", "submit", f"the cluster gave it up: {words[0]}"))]
        if future.status in ("lost", "pending"):
            self._await(ticket, future)
            return []
        raise self._gone()

    def _workers(self) -> dict[str, Any]:
        """The workers that offer the target, by address."""
        with suppress(Exception):  # asked while the connection breaks
            known = self._client.scheduler_info(n_workers=-1).get("workers", {})
            return {a: w for a, w in known.items() if w.get("resources", {}).get(self._target)}
        return {}

    def _require_workers(self) -> None:
        """Refuse a cluster without workers for the target, or with strangers among them."""
        workers = self._workers()
        if not workers:
            raise MeasureError(
                f"the cluster at {self._address} has no worker for {self._target}; start one with: "
                f"dask worker {self._address} --nthreads 1 --no-nanny --resources {self._target}=1"
            )
        crowded = [address for address, worker in workers.items() if worker["nthreads"] != 1]
        if crowded:
            raise MeasureError(
                f"the worker {crowded[0]} has several threads, so that measurements would disturb "
                "each other; start it with --nthreads 1."
            )
        found = self._client.run(own_version, workers=list(workers), on_error="return")
        for address, version in found.items():
            if not isinstance(version, str):
                raise MeasureError(
                    f"the worker {address} has no tvmlab that can be used ({version}); install "
                    f"tvmlab {own_version()} there."
                )
            if version != own_version():
                raise MeasureError(other_version(address, own_version(), version))

    def _require_cluster(self) -> None:
        """Complain where nobody is left who could answer."""
        if self._client.status != "running":
            raise self._gone()
        if self._workers():
            self._seen = time.monotonic()
        elif time.monotonic() - self._seen > PATIENCE_S:
            raise MeasureError(
                f"the cluster at {self._address} has had no worker for {self._target} for "
                f"{PATIENCE_S:.0f} s; start one and resume the run."
            )

    def _gone(self) -> MeasureError:
        return MeasureError(
            f"the scheduler at {self._address} is gone; start it and its workers, and resume the "
            "run."
        )


def _connected(address: str) -> Any:
    """A client of the scheduler, which says nothing by itself."""
    try:
        import distributed
    except ModuleNotFoundError:
        raise UsageError(
            "measuring on a cluster needs the package distributed, which is not installed; install "
            "tvmlab[cluster]."
        ) from None
    for name in ("distributed", "tornado.application"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        return distributed.Client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError, TypeError, RuntimeError) as error:
        words = str(error).strip().splitlines() or [type(error).__name__]
        raise MeasureError(
            f"no scheduler answers at {address} ({words[0]}); start one with: dask scheduler"
        ) from error


def _put(answers: queue.SimpleQueue[int], ticket: int, _: object) -> None:
    answers.put(ticket)
