"""Counter-based random numbers: sample ``k`` of a sensor depends on (seed, sensor, k) alone, so that adding or
removing one sensor, or asking in another order, changes no other."""

import numpy as np
from numpy.typing import NDArray

Vec = NDArray[np.float64]

SENSOR_IDS: dict[str, int] = {
    "imu": 1,
    "depth": 2,
    "compass": 3,
    "dvl": 4,
    "range_forward": 5,
    "range_up": 6,
    "battery": 7,
    "imu_bias": 8,
    "compass_bias": 9,
    "waves": 10,
    "mavlink_loss": 11,
    "current": 12,
    "ping_profile": 13,
    "fish": 14,
    "preset": 15,
}


class NoiseStream:
    """Normal and uniform numbers of one sensor. ``count`` picks the draw; every count is independent."""

    def __init__(self, seed: int, sensor: str) -> None:
        self._key = np.array([seed, SENSOR_IDS[sensor]], dtype=np.uint64)

    def _generator(self, count: int) -> np.random.Generator:
        counter = np.array([0, 0, 0, count], dtype=np.uint64)
        return np.random.Generator(np.random.Philox(key=self._key, counter=counter))

    def normal(self, count: int, *shape: int) -> Vec:
        """Standard normal array of ``shape``."""
        return self._generator(count).standard_normal(shape)

    def uniform(self, count: int, *shape: int) -> Vec:
        """Uniform array in [0, 1)."""
        return self._generator(count).random(shape)


class NoiseRows:
    """The same stream dealt out as rows of ``width`` normals (or uniforms), generated 512 rows at a time for speed."""

    BLOCK = 512

    UNIFORM_OFFSET = 1 << 40

    def __init__(self, seed: int, sensor: str, width: int, uniform: bool = False) -> None:
        self._stream = NoiseStream(seed, sensor)
        self._uniform = uniform
        self._width = width
        self._block_index = -1
        self._block: Vec = np.empty((0, width))

    def row(self, count: int) -> Vec:
        """Row ``count`` (shape (width,))."""
        index, offset = divmod(count, self.BLOCK)
        self._load(index)
        row: Vec = self._block[offset]
        return row

    def rows(self, first: int, n: int) -> Vec:
        """Rows ``first`` … ``first + n - 1`` (shape (n, width))."""
        index, offset = divmod(first, self.BLOCK)
        self._load(index)
        if offset + n <= self.BLOCK:
            return self._block[offset : offset + n]
        head = self._block[offset:].copy()
        return np.concatenate([head, self.rows((index + 1) * self.BLOCK, n - len(head))])

    def _load(self, index: int) -> None:
        if index != self._block_index:
            if self._uniform:
                self._block = self._stream.uniform(index + self.UNIFORM_OFFSET, self.BLOCK, self._width)
            else:
                self._block = self._stream.normal(index, self.BLOCK, self._width)
            self._block_index = index
