import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.ardusub import cell

FAKE = Path(__file__).with_name("fake_firmware.py")
TRY = "import runpy; runpy.run_path({!r})['enter_namespace']()"


@pytest.fixture(scope="session")
def namespaces() -> None:
    """Skips where the kernel lets nobody make a network namespace."""
    done = subprocess.run([sys.executable, "-c", TRY.format(cell.__file__)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no network namespaces here: {done.stderr.strip().splitlines()[-1]}")


@pytest.fixture
def fake(tmp_path: Path, namespaces: None) -> Callable[[str], Path]:
    """The path of an executable fake firmware of a behaviour."""

    def make(behaviour: str) -> Path:
        path = tmp_path / "ardusub"
        text = FAKE.read_text().replace('BEHAVIOUR = "good"', f'BEHAVIOUR = "{behaviour}"')
        path.write_text(f"#!{sys.executable}\n{text}")
        path.chmod(0o755)
        return path

    return make


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    out = tmp_path / "firmware"
    out.mkdir()
    return out
