from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from hull.shell import load_ship
from hull.surface import HullSurface
from hull.vessel import Vessel

LIBRARY = Path(__file__).parents[2] / "missions" / "library"


@pytest.fixture(scope="session")
def ship() -> tuple[Vessel, HullSurface]:
    return load_ship(LIBRARY / "coaster50.vessel.yaml")


@pytest.fixture(scope="session")
def surface(ship: tuple[Vessel, HullSurface]) -> HullSurface:
    return ship[1]


@pytest.fixture(scope="session")
def patrol() -> tuple[Vessel, HullSurface]:
    return load_ship(LIBRARY / "patrol20.vessel.yaml")


@pytest.fixture(scope="session")
def box() -> HullSurface:
    """A barge of 10 m x 4 m x 3 m that draws 2 m: every distance from it is known in closed form."""
    x = np.linspace(0.0, 10.0, 6)
    y = np.array([0.0, 1.0, 2.0, 2.0, 2.0])
    z = np.array([0.0, 0.0, 0.0, 1.0, 3.0])
    grid = np.zeros((6, 5, 3))
    grid[..., 0], grid[..., 1], grid[..., 2] = x[:, None], y, z
    return HullSurface(grid, 2.0)


@cache
def closed_triangles(surface: HullSurface) -> NDArray[np.float64]:
    """All triangles (n, 3, 3) of the closed hull, wound outward, built apart from the kernels: plating, deck and both ends."""
    vertices, faces, _uv = surface.mesh()
    flip = np.array([1.0, -1.0, 1.0])
    ends = [(surface.grid[0], np.array([-1.0, 0.0, 0.0])), (surface.grid[-1], np.array([1.0, 0.0, 0.0]))]
    extra = []
    for line, outward in [*ends, (surface.grid[:, -1], np.array([0.0, 0.0, 1.0]))]:
        for p, q in pairwise(line):
            for a, b, c in ((p, q, q * flip), (p, q * flip, p * flip)):
                extra.append([a, b, c] if np.cross(b - a, c - a) @ outward >= 0.0 else [a, c, b])
    return np.concatenate([vertices[faces], np.array(extra)])
