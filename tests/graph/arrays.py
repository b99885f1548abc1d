"""Arrays for graphs, and NumPy's own word on what they compute."""

from __future__ import annotations

import numpy as np


def draw(seed: int, *shape: int, dtype: str = "float32") -> np.ndarray:
    """Uniform in [-1, 1), the same for the same seed and shape."""
    return (np.random.default_rng(seed).random(shape) * 2 - 1).astype(dtype)


def conv2d(
    x: np.ndarray, weight: np.ndarray, stride: int, sides: tuple[int, int, int, int]
) -> np.ndarray:
    """The convolution in float64, padded by (top, left, bottom, right), window by window."""
    top, left, bottom, right = sides
    image = np.pad(x.astype(np.float64), ((0, 0), (0, 0), (top, bottom), (left, right)))
    rows, columns = weight.shape[2:]
    down = range(0, image.shape[2] - rows + 1, stride)
    across = range(0, image.shape[3] - columns + 1, stride)
    out = np.empty((x.shape[0], weight.shape[0], len(down), len(across)))
    for i, y in enumerate(down):
        for j, z in enumerate(across):
            window = image[:, :, y : y + rows, z : z + columns]
            out[:, :, i, j] = np.einsum("nchw,ochw->no", window, weight.astype(np.float64))
    return out


def softmax(x: np.ndarray) -> np.ndarray:
    """Over the rows of a matrix."""
    raised = np.exp(x - x.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)
