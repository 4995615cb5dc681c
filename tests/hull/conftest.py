from pathlib import Path

import pytest

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
