"""Starts the firmware for a survey or a served scenario, and ends it."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sim.ardusub.faults import FirmwareFault
from sim.ardusub.firmware import Firmware
from sim.scenario import Scenario


def require(binary: Path | None) -> None:
    """Raises FirmwareFault when it is given and there is no such program; for before anything is written."""
    if binary is not None and not (binary.is_file() and os.access(binary, os.X_OK)):
        raise FirmwareFault(f"--ardusub: no executable file {binary}, expected ArduPilot's SITL build for Sub (bin/ardusub)")


@contextmanager
def pilot_for(
    binary: Path | None, scenario: Scenario, truth_folder: Path | None = None, dvl_mount_m: Sequence[float] | None = None
) -> Iterator[Firmware | None]:
    """The firmware while the block runs; None without a ``binary``: the stand-in flies then.

    ``truth_folder``: the firmware's own files go into its ``ardusub``, else they are thrown away.
    ``dvl_mount_m``: as for `Firmware`.

    Raises:
        FirmwareFault: it does not start, with the reason.
    """
    if binary is None:
        yield None
        return
    require(binary)
    if any(fault.kind == "autopilot_reboot" for fault in scenario.faults):
        raise FirmwareFault("scenario: fault autopilot_reboot is the stand-in's only, expected no such fault with --ardusub")
    with TemporaryDirectory(prefix="hullscan-ardusub-") as passing:
        folder = Path(passing) if truth_folder is None else truth_folder / "ardusub"
        folder.mkdir(parents=True, exist_ok=True)
        vehicle = scenario.vehicle
        with Firmware(binary, folder, scenario.water.density_kgm3, dvl_mount_m, vehicle.frame, vehicle.parameters) as firmware:
            yield firmware
