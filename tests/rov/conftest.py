"""The default coaster."""

from pathlib import Path

import pytest

from hull.shell import load_ship
from hull.surface import HullSurface

VESSEL = Path(__file__).parents[2] / "missions" / "library" / "coaster50.vessel.yaml"


@pytest.fixture(scope="session")
def surface() -> HullSurface:
    return load_ship(VESSEL)[1]
