"""Plain grid arithmetic: refining, smoothing and noise, the same to the last bit on every run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEIGHBOURS = [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)]


def upsampled(grid: NDArray[np.float64], doublings: int) -> NDArray[np.float64]:
    """Double a grid's resolution some times by cubic B-spline subdivision; cells stay where they were."""
    for _ in range(doublings):
        grid = _double(_double(grid).swapaxes(-1, -2)).swapaxes(-1, -2)
    return np.ascontiguousarray(grid)


def _double(grid: NDArray[np.float64]) -> NDArray[np.float64]:
    padded = np.concatenate([grid[..., :1, :], grid, grid[..., -1:, :]], axis=-2)
    out = np.empty((*grid.shape[:-2], 2 * grid.shape[-2], grid.shape[-1]))
    # Children sit a quarter cell off their parent: B-spline weights of the neighbours at that offset.
    near, far = 0.28125, 0.03125
    above, here, below = padded[..., :-2, :], (1 - near - far) * padded[..., 1:-1, :], padded[..., 2:, :]
    out[..., 0::2, :] = near * above + here + far * below
    out[..., 1::2, :] = far * above + here + near * below
    return out


def smooth_noise(rng: np.random.Generator, shape: tuple[int, ...], doublings: int) -> NDArray[np.float64]:
    """Return smooth noise of unit variance with bumps about 2**doublings cells wide."""
    scale = 2**doublings
    lattice = rng.standard_normal((shape[0] // scale + 3, shape[1] // scale + 3))
    grid = upsampled(lattice, doublings)[scale : scale + shape[0], scale : scale + shape[1]]
    noise: NDArray[np.float64] = (grid - grid.mean()) / grid.std()
    return noise


def lowest_neighbour(height: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for every cell the lowest of itself and its eight neighbours."""
    padded = np.pad(height, 1, mode="edge")
    rows, columns = height.shape
    lowest: NDArray[np.float64] = np.min(
        [padded[1 + i : 1 + i + rows, 1 + j : 1 + j + columns] for i, j in [*NEIGHBOURS, (0, 0)]], axis=0
    )
    return lowest


def blurred(fine: NDArray[np.float64]) -> NDArray[np.float64]:
    """Smooth by 1-2-1 both ways, which takes the ribs of the carving off the walls."""
    for _ in range(2):
        padded = np.concatenate([fine[:1], fine, fine[-1:]])
        fine = (0.25 * (padded[:-2] + padded[2:]) + 0.5 * fine).T
    return np.ascontiguousarray(fine)
