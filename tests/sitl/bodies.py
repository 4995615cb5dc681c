"""Two autopilots for one check: the real firmware in its own process, and the stand-in of `sim.world` behind a UDP socket."""

import math
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any, NamedTuple

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from hull.shell import load_ship
from rov.channels import TcpChannel
from sim.scenario import load_scenario
from sim.server import Ports, serve
from sim.world import World
from wire.clock import WallClock
from wire.daemon import Stop

ROOT = Path(__file__).parents[2]
TRUTH_US = 20_000.0
METRES_PER_UNIT = math.radians(1e-7) * 6_378_137.0
HOME = "33.81,-118.39,0,0"  # sea level: SITL's own home lies 584 m up, where its water has negative pressure
# No radio receiver, so that only MANUAL_CONTROL is a pilot; a battery monitor; a depth sensor's noise; SITL's own compasses.
PARAMETERS = """\
RC_PROTOCOLS 0
SIM_RC_FAIL 1
BATT_MONITOR 4
SIM_BARO_RND 0.02
COMPASS_OFS_X 5
COMPASS_OFS_Y 13
COMPASS_OFS_Z -18
COMPASS_OFS2_X 5
COMPASS_OFS2_Y 13
COMPASS_OFS2_Z -18
COMPASS_OFS3_X 5
COMPASS_OFS3_Y 13
COMPASS_OFS3_Z -18
"""


class Truth(NamedTuple):
    """Where it really is: north, east, down [m] from a fixed point; body to NED as roll, pitch, yaw [rad]; NED speed [m/s];
    body rates [rad/s]."""

    ned: tuple[float, float, float]
    rpy: tuple[float, float, float]
    velocity: tuple[float, float, float]
    rates: tuple[float, float, float]


class Firmware:
    """ArduSub SITL, vectored frame, real time. Port 5760 is the vehicle's link; 5762 tells the truth and takes instruments.

    Only for a network namespace of its own: SITL listens on every address.
    """

    address = "tcp:127.0.0.1:5760"

    def __init__(self, binary: str, folder: Path, extra: str = "") -> None:
        (folder / "test.parm").write_text(PARAMETERS + extra)
        self._log = (folder / "ardusub.log").open("wb")
        command = [binary, "--model", "vectored", "--speedup", "1", "--defaults", "test.parm", "--home", HOME]
        self._process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log)
        self._side = TcpChannel("127.0.0.1:5762")
        self._mav: Any = mavlink.MAVLink(None, srcSystem=1, srcComponent=194)
        self._mav.robust_parsing = True
        self._home: tuple[int, int, float] | None = None
        self._asked_at = -1e9
        self.truth: Truth | None = None
        self.fresh = False

    def poll(self, now: float) -> None:
        """Reads the truth; asks for it until it comes."""
        self.fresh = False
        for message in self._mav.parse_buffer(self._side.recv()) or ():
            if message.get_type() == "SIM_STATE":
                self._take(message)
        if self.truth is None and now - self._asked_at > 1.0:
            self._asked_at = now
            self.say(
                mavlink.MAVLink_command_long_message(
                    1,
                    1,
                    mavlink.MAV_CMD_SET_MESSAGE_INTERVAL,
                    0,
                    float(mavlink.MAVLINK_MSG_ID_SIM_STATE),
                    TRUTH_US,
                    0,
                    0,
                    0,
                    0,
                    0,
                )
            )

    def _take(self, m: Any) -> None:
        if m.lat_int == 0:
            return
        if self._home is None:
            self._home = (m.lat_int, m.lon_int, m.alt)
        lat, lon, _alt = self._home
        north = (m.lat_int - lat) * METRES_PER_UNIT
        east = (m.lon_int - lon) * METRES_PER_UNIT * math.cos(math.radians(lat * 1e-7))
        self.truth = Truth((north, east, -m.alt), (m.roll, m.pitch, m.yaw), (m.vn, m.ve, m.vd), (m.xgyro, m.ygyro, m.zgyro))
        self.fresh = True

    def say(self, message: Any) -> None:
        """Sends as a device aboard, on the second port."""
        self._side.send(bytes(message.pack(self._mav)))
        self._mav.seq = (self._mav.seq + 1) % 256

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def close(self) -> None:
        self._side.close()
        self._process.terminate()
        try:
            self._process.wait(10.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()


class StandIn:
    """The simulated vehicle far off the hull, served over UDP in a thread of its own."""

    def __init__(self, folder: Path) -> None:
        vessel, surface = load_ship(ROOT / "missions/library/coaster50.vessel.yaml")
        scenario = load_scenario(ROOT / "sim/scenarios/coaster_default.yaml")
        launch = scenario.vehicle.launch.model_copy(update={"offset_m": 9.0})
        vehicle = scenario.vehicle.model_copy(update={"launch": launch})
        changed = scenario.model_copy(update={"vehicle": vehicle, "faults": [], "current_mps": (0.0, 0.0)})
        self._world = World(changed, vessel, surface)
        self._stop = Stop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.address = f"udpin:127.0.0.1:{port}"
        ports = Ports((f"udpout:127.0.0.1:{port}",), 0, f"ipc://{folder}/camera")
        self._thread = threading.Thread(target=serve, args=(self._world, None, WallClock(), ports, self._stop), daemon=True)
        self._thread.start()
        self.truth: Truth | None = None

    def poll(self, now: float) -> None:
        body = self._world.vehicle_truth()
        r = body.rotation
        yaw = math.atan2(r[1, 0], r[0, 0])
        n, e, d = (float(v) for v in body.position)
        vn, ve, vd = (float(v) for v in body.velocity)
        self.truth = Truth((n, e, d), (0.0, 0.0, yaw), (vn, ve, vd), (0.0, 0.0, 0.0))

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def close(self) -> None:
        self._stop.wanted = True
        self._thread.join(10.0)
