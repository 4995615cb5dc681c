"""Hash-based noise for numba kernels: a value depends on its integer coordinates and seed alone, in any order, on any machine."""

import math
from typing import Any, TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

F = TypeVar("F")


def njit(function: F) -> F:
    """numba.njit, cached, without the checks for division by zero that keep loops slow; still no fastmath: bit-identical."""
    compiled: Any = numba.njit(cache=True, nogil=True, fastmath=False, error_model="numpy")(function)
    return compiled  # type: ignore[no-any-return]


_M1 = np.uint64(0x9E3779B97F4A7C15)
_M2 = np.uint64(0xBF58476D1CE4E5B9)
_M3 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_SCALE = 1.0 / 9007199254740992.0


@njit
def mix64(z: Any) -> Any:
    """splitmix64's finaliser (Steele et al. 2014)."""
    z = np.uint64(z) + _M1
    z = (z ^ (z >> _S30)) * _M2
    z = (z ^ (z >> _S27)) * _M3
    return z ^ (z >> _S31)


@njit
def hash3(i: int, j: int, seed: int) -> Any:
    """64 bits from two signed integers and a seed."""
    a = np.uint64(np.int64(i)) * np.uint64(0xD6E8FEB86659FD93)
    b = np.uint64(np.int64(j)) * np.uint64(0xA0761D6478BD642F)
    c = np.uint64(np.int64(seed)) * np.uint64(0xE7037ED1A0B428DB)
    return mix64(a ^ (b + (a << np.uint64(7))) ^ c)


@njit
def unit(bits: Any) -> float:
    """Uniform in [0, 1) from 64 bits."""
    return float(np.uint64(bits) >> _S11) * _SCALE


@njit
def uniform(i: int, j: int, seed: int) -> float:
    """Uniform in [0, 1) at an integer place."""
    return unit(hash3(i, j, seed))


@njit
def value_noise(x: float, y: float, seed: int) -> float:
    """Smooth noise in [-1, 1], one lattice cell per unit."""
    fx, fy = math.floor(x), math.floor(y)
    i, j = int(fx), int(fy)
    u, v = x - fx, y - fy
    u = u * u * (3.0 - 2.0 * u)
    v = v * v * (3.0 - 2.0 * v)
    low = (1.0 - u) * uniform(i, j, seed) + u * uniform(i + 1, j, seed)
    high = (1.0 - u) * uniform(i, j + 1, seed) + u * uniform(i + 1, j + 1, seed)
    return 2.0 * ((1.0 - v) * low + v * high) - 1.0


@njit
def octaves(x: float, y: float, n: int, seed: int) -> float:
    """Fractal sum of ``n`` octaves, roughly in [-1, 1]."""
    total, amplitude, norm = 0.0, 1.0, 0.0
    for k in range(n):
        total += amplitude * value_noise(x, y, seed + 101 * k)
        norm += amplitude
        amplitude *= 0.55
        x, y = 2.03 * x + 17.3, 2.03 * y - 9.1
    return total / norm


def normal_table(size: int = 4096) -> NDArray[np.float32]:
    """Quantiles of the standard normal: index with uniform bits to draw one."""
    from scipy.special import ndtri

    return np.asarray(ndtri((np.arange(size) + 0.5) / size), dtype=np.float32)
