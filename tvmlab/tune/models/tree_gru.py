"""A recurrent network over the loop nests of a program: the paper's alternative to boosted trees.

After AutoTVM's paper, section 4 and its appendix: the context vector of each loop is embedded, a
gated recurrent unit folds the embeddings along the nest from the innermost loop to the outermost,
every loop's state is scattered into a few slots by a softmax of its own, and a linear layer scores
the slots of all statements together; trained with the pairwise rank loss. Loops that statements
share are walked once for each of them, which is what a tree's encoder computes too, child by child.

PyTorch is the optional extra `tvmlab[torch]`, and is loaded when such a model is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from tvmlab.errors import UsageError
from tvmlab.tune.features.itervar import LOOPS
from tvmlab.tune.features.nests import STATEMENTS

WIDTH = 32
"""Numbers in an embedding; ours, as are those below: the paper gives none."""

SLOTS = 4
"""Slots that loops are scattered into."""

STEPS = 100
"""Steps of the optimiser in a fit, each over all examples: as many as converge on some hundreds."""

RATE = 1e-2
"""Of Adam, the optimiser."""


class TreeGRU:
    """Ranks candidates by their loop nests; meant for the features `itervar`.

    Of other features, which say nothing of single loops, it makes a nest of one loop.

    Raises:
        UsageError: PyTorch is not installed.
    """

    name = "tree-gru"

    def __init__(self, seed: int = 0) -> None:
        self._torch = _torch()
        self._seed = seed
        self._network: Any = None

    def fit(
        self,
        features: np.ndarray,
        scores: np.ndarray,
        *,
        groups: Sequence[int] = (),
        base: np.ndarray | None = None,
    ) -> None:
        """Learn the order of (n,) scores from (n, f) features, and from `base` on."""
        torch = self._torch
        self._mean, spread = features.mean(axis=0), features.std(axis=0)
        self._scale = np.where(spread > 1e-6, spread, 1.0)
        with self._alone(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(self._seed)
            nests, is_loop = self._nests(features), self._is_loop(features)
            network = _network(torch, nests.shape[-1])
            below = torch.zeros(len(features)) if base is None else torch.as_tensor(base).float()
            better, worse = map(torch.as_tensor, _pairs(scores, groups or [len(scores)]))
            optimiser = torch.optim.Adam(network.parameters(), lr=RATE)
            for _ in range(STEPS if len(better) else 0):
                optimiser.zero_grad()
                predicted = _forward(torch, network, nests, is_loop) + below
                loss = torch.nn.functional.softplus(predicted[worse] - predicted[better]).mean()
                loss.backward()
                optimiser.step()
        self._network = network

    def predict(self, features: np.ndarray, base: np.ndarray | None = None) -> np.ndarray:
        """(n,) float64 without a unit; `base` or zeros before the first `fit`."""
        below = np.zeros(len(features)) if base is None else base
        if self._network is None or not len(features):
            return below
        with self._alone(), self._torch.no_grad():
            nests, is_loop = self._nests(features), self._is_loop(features)
            predicted = _forward(self._torch, self._network, nests, is_loop)
        return np.asarray(below + predicted.numpy(), dtype=np.float64)

    def _nests(self, features: np.ndarray) -> Any:
        """(n, statements, loops, columns), of mean 0 and variance 1."""
        scaled = ((features - self._mean) / self._scale).astype(np.float32)
        return self._torch.as_tensor(scaled.reshape(_shape(features)))

    def _is_loop(self, features: np.ndarray) -> Any:
        """(n, statements, loops) 1 where there is a loop: what there is not has zeros only."""
        is_loop = (features.reshape(_shape(features)) != 0).any(axis=-1)
        return self._torch.as_tensor(is_loop.astype(np.float32))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Work on one thread, so that the other cores stay free to measure."""
        threads = self._torch.get_num_threads()
        self._torch.set_num_threads(1)
        try:
            yield
        finally:
            self._torch.set_num_threads(threads)


def _torch() -> Any:
    try:
        import torch
    except ModuleNotFoundError as error:
        raise UsageError(
            "the model 'tree-gru' needs PyTorch, which is not installed; install it with "
            "pip install 'tvmlab[torch]', or choose another model."
        ) from error
    return torch


def _shape(features: np.ndarray) -> tuple[int, int, int, int]:
    """The axes of features: candidates, statements, loops, columns of a loop."""
    count, width = features.shape
    if width == 0 or width % (STATEMENTS * LOOPS):
        return count, 1, 1, width
    return count, STATEMENTS, LOOPS, width // (STATEMENTS * LOOPS)


def _network(torch: Any, columns: int) -> Any:
    """The layers, untrained."""
    nn = torch.nn
    return nn.ModuleDict(
        {
            "embed": nn.Linear(columns, WIDTH),
            "fold": nn.GRUCell(WIDTH, WIDTH),
            "scatter": nn.Linear(WIDTH, SLOTS),
            "score": nn.Linear(SLOTS * WIDTH, 1),
        }
    )


def _forward(torch: Any, network: Any, nests: Any, is_loop: Any) -> Any:
    """(n,) scores of (n, statements, loops, columns), of which `is_loop` says what is there."""
    count, statements, loops, _ = nests.shape
    embedded = torch.relu(network["embed"](nests))
    state = torch.zeros(count * statements, WIDTH)
    slots = torch.zeros(count, SLOTS, WIDTH)
    for loop in range(loops):  # the innermost first
        here = is_loop[:, :, loop].reshape(-1, 1)
        folded = network["fold"](embedded[:, :, loop].reshape(-1, WIDTH), state)
        state = here * folded + (1 - here) * state
        share = here * torch.softmax(network["scatter"](state), dim=-1)
        scattered = share[:, :, None] * state[:, None, :]
        slots = slots + scattered.reshape(count, statements, SLOTS, WIDTH).sum(dim=1)
    return network["score"](slots.reshape(count, -1))[:, 0]


def _pairs(scores: np.ndarray, groups: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """The rows of every two examples of a group that differ: those of the better, of the worse."""
    group = np.repeat(np.arange(len(groups)), groups)
    beats = (scores[:, None] > scores[None, :]) & (group[:, None] == group[None, :])
    better, worse = np.nonzero(beats)
    return better, worse
