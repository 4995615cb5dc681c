"""The world: vehicle, water, hull, sensors and autopilot on one simulated clock, 2.5 ms a step, bit-identical for a seed.

Slow tick (every 20 ms): faults, current, contact plane, slow sensors, autopilot, DVL. Between: the compiled loop.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hull.frames import ShipPose
from hull.surface import HullSurface
from hull.vessel import Vessel
from sim.autopilot import layout as a
from sim.autopilot.autopilot import Autopilot
from sim.autopilot.control import set_frame
from sim.autopilot.core import Range, Sensed
from sim.autopilot.estimator import align
from sim.autopilot.seam import Pilot
from sim.bad_link import BadLink
from sim.contact import set_plane
from sim.dynamics import (
    E_AMPLITUDE,
    E_CURRENT,
    E_DIR_E,
    E_DIR_N,
    E_NUMBER,
    E_OMEGA,
    E_SHEAR,
    E_SIZE,
    E_SNAG,
    E_SNAGGED,
    S_CONTACT_N,
    S_GROUND,
    S_IMPACT,
    S_MIN_GAP,
    S_POS,
    S_QUAT,
    S_RATE,
    S_SIZE,
    S_VEL,
    STEP_S,
    locate,
)
from sim.faults import Effects, effects_at
from sim.life import Swimmers
from sim.presets import parameter_array, preset_of
from sim.randoms import NoiseRows, NoiseStream
from sim.scenario import Scenario
from sim.sensors.battery import Battery
from sim.sensors.compass import Compass
from sim.sensors.depth import DepthSensor
from sim.sensors.dvl_server import DvlServer
from sim.sensors.ping1d import Echo
from sim.sensors.ranges import CONE, DROPOUT, RangeFinder
from sim.steel import Steel
from sim.truth import TruthRow
from wire.channel import ByteChannel
from wire.rig import BLUEROV2, Rig

Vec = NDArray[np.float64]

SLOW_STEPS = 8
RANGE_EVERY = 5  # slow ticks: 10 Hz
NEAR_M, CONTACT_M = 2.5, 0.8
GYRO_STD, ACCEL_STD, GYRO_BIAS_STD = 0.002, 0.03, math.radians(0.01)
SEPARATE_CONTACTS_S = 1.0


class VehicleTruth(NamedTuple):
    """``position``/``velocity``: NED [m, m/s]. ``rotation``: body → NED (3, 3). ``distance_m``: of the origin to the nearest
    steel. ``clearance_m``: that less the rig's radius."""

    position: Vec
    velocity: Vec
    rotation: Vec
    distance_m: float
    clearance_m: float


class World:
    """See the module. ``steel``: what can be hit, of `sim.scene.Scene`; None for the bare hull.
    ``seed``: None takes the scenario's. ``pilot``: who flies; None takes the stand-in. ``swimmers``: fish
    that the forward sounder may hear."""

    def __init__(
        self,
        scenario: Scenario,
        vessel: Vessel,
        surface: HullSurface,
        steel: Steel | None = None,
        seed: int | None = None,
        rig: Rig = BLUEROV2,
        pilot: Pilot | None = None,
        swimmers: Swimmers | None = None,
    ) -> None:
        self.scenario, self.rig, self.surface = scenario, rig, surface
        self.seed = scenario.seed if seed is None else seed
        self.ship = ShipPose(0.0, draught_m=surface.draught_m)
        self._steel = Steel(surface) if steel is None else steel
        self._steps = 0
        self._s: Vec = np.zeros(S_SIZE)
        self._c: Vec = np.zeros(a.SIZE)
        self._e: Vec = np.zeros(E_SIZE)
        self._scratch: Vec = np.zeros((4, 13))
        vehicle = scenario.vehicle
        self.preset = preset_of(vehicle.preset, self.seed)
        self._p = parameter_array(self.preset, vehicle.tether_m, scenario.water.density_kgm3, vehicle.frame)
        self._imu = NoiseRows(self.seed, "imu", 6)
        self._depth = DepthSensor(self.seed, scenario.water.density_kgm3)
        self._compass = Compass(self.seed, math.radians(vehicle.compass_error_deg))
        self._battery = Battery(vehicle.battery_fraction)
        self._swimmers, self._fish_noise = swimmers, NoiseRows(self.seed, "fish", 1, uniform=True)
        self._forward = RangeFinder(self.seed, "range_forward", np.array([1.0, 0.0, 0.0]), np.array(rig.sonar_forward_mount_m))
        self._up = RangeFinder(self.seed, "range_up", np.array([0.0, 0.0, -1.0]), np.array(rig.sonar_up_mount_m))
        self.dvl = DvlServer(self.seed, rig)
        self._channels: list[BadLink] = []
        self._ranges = (Range(0), Range(24))
        self.echoes = (Echo(), Echo())
        self.effects = Effects()
        self._reboots = 0
        self.distance_m = 1e9
        self.min_clearance_m = 1e9
        self.collisions = 0
        self._last_contact_t = -1e9
        self._xyz: Vec = np.zeros(3)
        self._to_ship: Vec = np.eye(3)
        self._ship_turn: Vec = np.ascontiguousarray(self.ship.dir_to_ship(np.eye(3)).T)
        self._yaw = 0.0
        self._waves()
        self._current()
        self._launch(vessel)
        self._setup_control()
        self.autopilot = Autopilot(self._c, scenario.water.density_kgm3, vehicle.parameters)
        self.pilot: Pilot = self.autopilot if pilot is None else pilot

    # -- set-up ------------------------------------------------------------------------------------------------------

    def _waves(self) -> None:
        waves = self.scenario.waves
        omega = 2.0 * math.pi / waves.period_s
        direction = math.radians(waves.direction_deg)
        along = self.ship.dir_to_ned(np.array([math.cos(direction), -math.sin(direction), 0.0]))
        self._e[E_AMPLITUDE] = 0.5 * waves.height_m
        self._e[E_OMEGA], self._e[E_NUMBER] = omega, omega * omega / 9.80665
        self._e[E_DIR_N], self._e[E_DIR_E] = along[0], along[1]

    def _launch(self, vessel: Vessel) -> None:
        launch = self.scenario.vehicle.launch
        x = vessel.frame_to_x(launch.frame)
        z = self.surface.draught_m - launch.depth_m
        outward = np.array([0.0, 1.0 if launch.side == "P" else -1.0, 0.0])
        beyond = np.array([x, 30.0 * outward[1], z])
        hit = Steel(self.surface).raycast(beyond, -outward, 60.0)
        shell_y = 0.0 if hit is None else (30.0 - hit) * outward[1]
        place = np.array([x, shell_y, z]) + launch.offset_m * outward
        heading = self.ship.facing_heading(outward) + math.radians(launch.heading_error_deg)
        self._s[S_POS : S_POS + 3] = self.ship.to_ned(place)
        self._s[S_QUAT], self._s[S_QUAT + 3] = math.cos(heading / 2), math.sin(heading / 2)
        self._s[S_MIN_GAP] = 1e9
        self.let_go = False
        self._put_in: Vec = np.concatenate([self._s[S_POS : S_POS + 2], self._s[S_QUAT : S_QUAT + 4]])

    def _setup_control(self) -> None:
        c = self._c
        c[a.GYRO_STD], c[a.ACCEL_STD] = GYRO_STD, ACCEL_STD
        c[a.GYRO_BIAS : a.GYRO_BIAS + 3] = GYRO_BIAS_STD * NoiseStream(self.seed, "imu_bias").normal(0, 3)
        set_frame(c, self.scenario.vehicle.frame)
        c[a.SINCE_YAW] = 10.0
        self._locate()
        self._measure_distance(0)
        align(c, 0.0, 0.0, self._compass.heading(0, self._yaw, self.distance_m, float(self._xyz[0])), -float(self._s[2]))

    def attach_mavlink(self, channel: ByteChannel) -> None:
        """Adds a MAVLink client (the world's end of the channel)."""
        lossy = BadLink(channel, self.seed, len(self._channels) + 1)
        self._channels.append(lossy)
        self.pilot.attach(lossy)

    def attach_dvl(self, channel: ByteChannel) -> None:
        """Adds a client of the DVL's TCP protocol."""
        self.dvl.attach(channel)

    # -- time --------------------------------------------------------------------------------------------------------

    @property
    def t(self) -> float:
        """Simulated seconds."""
        return self._steps * STEP_S

    def step(self) -> None:
        """2.5 ms."""
        self._run(1)

    def advance_to(self, t: float) -> None:
        """Steps until the clock reaches ``t``; the result does not depend on how time is cut into calls."""
        self._run(math.floor(t / STEP_S + 1e-6) - self._steps)

    def _run(self, steps: int) -> None:
        while steps > 0:
            offset = self._steps % SLOW_STEPS
            if offset == 0:
                self._slow_tick(self._steps // SLOW_STEPS)
            n = min(SLOW_STEPS - offset, steps)
            noise = self._imu.rows(self._steps, n)
            self.pilot.advance(self._s, self._c, self._p, self._e, noise, self._steps, n, self._scratch)
            self._steps += n
            steps -= n

    def _tend(self) -> None:
        """Until it is armed for the first time (or ``let_go`` is set), a tender keeps the vehicle where it was put in."""
        if self.let_go:
            return
        self.let_go = self.pilot.armed
        self._s[S_POS : S_POS + 2] = self._put_in[:2]
        self._s[S_QUAT : S_QUAT + 4] = self._put_in[2:6]
        self._s[S_VEL : S_VEL + 2] = self._s[S_GROUND : S_GROUND + 2] = 0.0
        self._s[S_RATE : S_RATE + 3] = 0.0

    def _slow_tick(self, count: int) -> None:
        t = self.t
        self._tend()
        if self.scenario.faults:
            self.effects = effects_at(self.scenario.faults, t)
            self._apply_effects()
            self._current()
        self._locate()
        self._measure_distance(count)
        self._record_contact(t)
        self._battery.step(float(self._c[a.AMPS]), SLOW_STEPS * STEP_S)
        self._c[a.VOLTS] = self._battery.volts
        if count % RANGE_EVERY == 0:
            self._read_ranges(count // RANGE_EVERY)
        self.pilot.tick(t, self._sense(count, t))
        self.dvl.tick(t, self._s[S_QUAT : S_QUAT + 4], self._motion, self._cast, self.effects.dvl_lost)

    # -- physics -----------------------------------------------------------------------------------------------------

    def _apply_effects(self) -> None:
        effects = self.effects
        for k in range(8):
            turned = -1.0 if k in effects.reversed_thrusters else 1.0
            self._c[a.THRUSTER_GAIN + k] = 0.0 if k in effects.dead_thrusters else turned
        if effects.snag_slack_m is None:
            self._e[E_SNAGGED] = 0.0
        elif self._e[E_SNAGGED] == 0.0:
            self._e[E_SNAG : E_SNAG + 3] = self._s[S_POS : S_POS + 3]
            self._e[E_SNAG + 3], self._e[E_SNAGGED] = effects.snag_slack_m, 1.0
        if effects.reboots > self._reboots:
            self.autopilot.reboot(self.t)
        self._reboots = effects.reboots
        if effects.battery_fraction is not None:
            self._battery.fraction = min(self._battery.fraction, effects.battery_fraction)
        for channel in self._channels:
            channel.tick(self.t, effects.link)

    def _current(self) -> None:
        x, y = self.scenario.current_mps
        gx, gy = self.effects.gust_mps
        self._e[E_CURRENT : E_CURRENT + 3] = self.ship.dir_to_ned(np.array([x + gx, y + gy, 0.0]))
        self._e[E_SHEAR : E_SHEAR + 2] = self.ship.dir_to_ned(np.array([*self.scenario.current_shear_per_s, 0.0]))[:2]

    def _locate(self) -> None:
        """Place and attitude in the ship frame at this slow tick."""
        self._yaw = locate(self._s, self._ship_turn, self.ship.draught_m, self._xyz, self._to_ship)

    def _measure_distance(self, count: int) -> None:
        """Signed distance of the origin, and the tangent plane for contact when near. Far away every fifth tick will do."""
        if self.distance_m > NEAR_M and count % 5 != 0:
            return
        self.distance_m, x, y, z = self._steel.plane(self._xyz, CONTACT_M)
        set_plane(self._e, self._s, self._ship_turn, self.distance_m, x, y, z, CONTACT_M)

    def _record_contact(self, t: float) -> None:
        self.min_clearance_m = min(self.min_clearance_m, self.distance_m - self.rig.radius_m)
        touched = self._s[S_CONTACT_N] > 0.0 or self._s[S_MIN_GAP] < 0.0
        if touched:
            if t - self._last_contact_t > SEPARATE_CONTACTS_S:
                self.collisions += 1
            self._last_contact_t = t
        self._s[S_MIN_GAP] = 1e9

    # -- sensors -----------------------------------------------------------------------------------------------------

    def _cast(self, origin_body: Vec, directions_body: Vec, max_m: float) -> Vec:
        """Ranges to the nearest of steel and water surface along rays given in the body frame, at the present slow tick."""
        origin = self._xyz + self._to_ship @ origin_body
        return self._steel.casts(origin, directions_body @ self._to_ship.T, max_m, self.ship.draught_m)

    def _read_ranges(self, count: int) -> None:
        if self.effects.range_stuck:
            return
        dropout = max(DROPOUT, self.effects.range_dropout)
        ahead, above = self._forward.read(count, self._cast, dropout), self._up.read(count, self._cast, dropout)
        ahead = self._past_fish(count, ahead)
        self._ranges = (Range(0, ahead), Range(24, above))
        self.echoes = (Echo(ahead, self._forward.confidence, count), Echo(above, self._up.confidence, count))

    def _past_fish(self, count: int, reading: float | None) -> float | None:
        """What the forward sounder reads when a fish is in its beam."""
        if self._swimmers is None or not self._swimmers.fish or reading is None:
            return reading
        origin = self._xyz + self._to_ship @ np.array(self.rig.sonar_forward_mount_m)
        echo = self._swimmers.echo(self.t, origin, self._to_ship[:, 0], CONE, float(self._fish_noise.row(count)[0]))
        return reading if echo is None else min(reading, echo)

    def _sense(self, count: int, t: float) -> Sensed:
        effects, battery = self.effects, self._battery
        return Sensed(
            pressure_pa=self._depth.pressure(count, self._s[S_POS : S_POS + 3], self._e, t, effects.depth_offset_m),
            mag_yaw_rad=self._compass.heading(count, self._yaw, self.distance_m, float(self._xyz[0]), effects.compass_swing_rad),
            volts=battery.volts,
            amps=battery.amps,
            consumed_mah=battery.consumed_mah,
            battery_fraction=battery.fraction,
            leak=effects.leak,
            ranges=self._ranges,
        )

    def _motion(self) -> tuple[Vec, Vec]:
        return self.rotation().T @ self._s[S_GROUND : S_GROUND + 3], self._s[S_RATE : S_RATE + 3]

    # -- truth: for the camera, the scorer and tests -----------------------------------------------------------------

    def rotation(self) -> Vec:
        """Body → NED (3, 3)."""
        w, x, y, z = (float(v) for v in self._s[S_QUAT : S_QUAT + 4])
        return np.array(
            [
                [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
                [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
                [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
            ]
        )

    def camera_pose(self) -> tuple[Vec, Vec]:
        """(position NED of the body's origin [m], rotation body → NED); the renderer adds the camera's mount."""
        return self._s[S_POS : S_POS + 3].copy(), self.rotation()

    def camera_motion(self) -> tuple[Vec, Vec]:
        """(velocity over ground NED [m/s], rates of turn in the body frame [rad/s])."""
        return self._s[S_GROUND : S_GROUND + 3].copy(), self._s[S_RATE : S_RATE + 3].copy()

    def vehicle_truth(self) -> VehicleTruth:
        distance = self._steel.signed_distance(self.ship.to_ship(self._s[S_POS : S_POS + 3]))
        return VehicleTruth(
            self._s[S_POS : S_POS + 3].copy(),
            self._s[S_GROUND : S_GROUND + 3].copy(),
            self.rotation(),
            distance,
            distance - self.rig.radius_m,
        )

    def truth_row(self, frame_seq: int, stamp: float | None = None) -> TruthRow:
        """The truth of this moment, for the frame taken now and stamped ``stamp`` [s] (None: the world's own time)."""
        xyz = self.ship.to_ship(self._s[S_POS : S_POS + 3])
        rotation = self.ship.dir_to_ship(self.rotation().T).T
        numbers = tuple(float(v) for v in rotation.reshape(-1))
        return TruthRow(
            t=self.t if stamp is None else stamp,
            frame_seq=frame_seq,
            position=(float(xyz[0]), float(xyz[1]), float(xyz[2])),
            rotation=numbers,  # type: ignore[arg-type]
            depth_m=float(self._s[2]),
            clearance_m=self.distance_m - self.rig.radius_m,
            min_clearance_m=self.min_clearance_m,
            collisions=self.collisions,
            impact_mps=float(self._s[S_IMPACT]),
            armed=self.pilot.armed,
            mode=self.pilot.mode,
        )
