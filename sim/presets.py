"""Vehicle presets: rigid body, hydrodynamics, thrusters, with their sources.

Published BlueROV2 parameter sets disagree by a factor of 8 on drag; the two presets stand at the ends.

``spec``: mass, added mass, linear and angular damping of Wu, "6-DoF modelling and control of a remotely operated vehicle" (MSc
thesis, Flinders University, 2018); moments of inertia, body and added, as in ``tethered`` (Wu's equal 0.16 and 0.12 are
placeholders); surge quadratic damping chosen so that four thrusters at a loaded 12.4 V (9.8 kgf forward) end at the vendor's
1.5 m/s (Blue Robotics BlueROV2 data sheet), sway and heave scaled from it.

``tethered``: von Benzon, Sørensen, Uth, Jouffroy, Liniger, Pedersen, "An open-source benchmark simulator: control of a
BlueROV2 underwater robot", JMSE 10(12):1898, 2022, identified on a vehicle with tether and payload; zero coefficients of that
paper are 0.1 here.

``sitl_vectored``: not a vehicle but the firmware's own: the model that ArduSub SITL flies by default (its "vectored" frame),
with that model's numbers (10.5 kg; drag coefficients 1.4, 1.8, 2.0 and 1.05 in turning on a sphere of 0.2 m radius; 51.48 N a
thruster, quadratic, along the axes instead of at 45 degrees, without lag; foam of 40 N 0.15 m up; 1 N of buoyancy scaled by
10.5/16.76). Made to compare the stand-in with recorded flights of the firmware.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.randoms import NoiseStream
from sim.thrusters import SITL_THRUSTERS, T200, Thrusters, of_frame

Six = tuple[float, float, float, float, float, float]
GRAVITY = 9.80665


@dataclass(frozen=True)
class Preset:
    """SI units, body FRD, order surge sway heave roll pitch yaw. ``added``, ``linear``, ``quadratic``: positive numbers.
    ``buoyancy_n``: fully submerged, weight is ``mass_kg`` g. ``cb_z_m``: centre of buoyancy, negative above the mass."""

    name: str
    mass_kg: float
    inertia: tuple[float, float, float]
    added: Six
    linear: Six
    quadratic: Six
    buoyancy_n: float
    cb_z_m: float
    height_m: float = 0.254
    thruster_tau_s: float = 0.07
    thrusters: Thrusters = T200

    def numbers(self) -> dict[str, Any]:
        """What differs from vehicle to vehicle, for records. ``thrust``: of one thruster, relative to a T200's."""
        fields = ("name", "mass_kg", "inertia", "added", "linear", "quadratic", "buoyancy_n", "cb_z_m", "thruster_tau_s")
        thrust = float(np.abs(self.thrusters.allocation[2]).max())
        return {field: getattr(self, field) for field in fields} | {"thrust": thrust}


PRESETS: dict[str, Preset] = {
    "spec": Preset(
        name="spec",
        mass_kg=11.5,
        inertia=(0.26, 0.23, 0.37),
        added=(5.5, 12.7, 14.57, 0.189, 0.135, 0.222),
        linear=(4.03, 6.22, 5.18, 0.07, 0.07, 0.07),
        quadratic=(39.5, 48.0, 55.0, 1.55, 1.55, 1.55),
        buoyancy_n=11.5 * GRAVITY + 2.0,
        cb_z_m=-0.02,
    ),
    "tethered": Preset(
        name="tethered",
        mass_kg=13.5,
        inertia=(0.26, 0.23, 0.37),
        added=(6.36, 7.12, 18.68, 0.189, 0.135, 0.222),
        linear=(13.7, 0.1, 33.0, 0.1, 0.8, 0.1),
        quadratic=(141.0, 217.0, 190.0, 1.19, 0.47, 1.5),
        buoyancy_n=13.5 * GRAVITY + 1.0,
        cb_z_m=-0.01,
    ),
    "sitl_vectored": Preset(
        name="sitl_vectored",
        mass_kg=10.5,
        inertia=(0.2681, 0.2681, 0.2681),
        added=(0.0,) * 6,
        linear=(0.0,) * 6,
        quadratic=(48.28, 62.07, 68.97, 7.075, 7.075, 7.075),
        buoyancy_n=10.5 * (GRAVITY + 1.0 / 16.755),
        cb_z_m=-6.0 / (10.5 * GRAVITY),
        thruster_tau_s=1e-9,
        thrusters=SITL_THRUSTERS,
    ),
}

RANDOMISED = "randomised"
TAU_S, GAIN = (0.05, 0.10), (0.92, 1.08)


def preset_of(name: str, seed: int) -> Preset:
    """A preset by name. ``randomised`` is a vehicle that nobody has measured: each number drawn by itself between `spec` and
    `tethered`, which are a factor of up to eight apart, with another thruster lag and a thrust 8 % more or less.

    Raises:
        KeyError: no such preset.
    """
    if name != RANDOMISED:
        return PRESETS[name]
    a, b = PRESETS["spec"], PRESETS["tethered"]
    draw = iter(NoiseStream(seed, "preset").uniform(0, 32).tolist())

    def between(low: float, high: float) -> float:
        share = next(draw)
        return float(low ** (1.0 - share) * high**share) if low > 0.0 and high > 0.0 else low + share * (high - low)

    def six(of: str) -> Six:
        u0, u1, u2, u3, u4, u5 = (between(x, y) for x, y in zip(getattr(a, of), getattr(b, of), strict=True))
        return (u0, u1, u2, u3, u4, u5)

    mass, gain = between(a.mass_kg, b.mass_kg), between(*GAIN)
    return Preset(
        name=RANDOMISED,
        mass_kg=mass,
        inertia=a.inertia,
        added=six("added"),
        linear=six("linear"),
        quadratic=six("quadratic"),
        buoyancy_n=mass * GRAVITY + between(1.0, 2.0),
        cb_z_m=-between(-b.cb_z_m, -a.cb_z_m),
        thruster_tau_s=between(*TAU_S),
        thrusters=Thrusters(T200.curve, gain * T200.allocation),
    )


# Indices of the parameter array that the kernels read.
P_MASS, P_WEIGHT, P_BUOYANCY, P_CBZ, P_HEIGHT, P_TAU, P_TETHER, P_RHO = range(8)
P_INERTIA, P_ADDED, P_LINEAR, P_QUADRATIC = 8, 11, 17, 23
P_CURVE = 29  # 0: T200, 1: SITL's
P_ALLOCATION = 30  # (6, 8), row by row
P_SIZE = P_ALLOCATION + 48


def parameter_array(preset: Preset, tether_m: float, density: float, frame: str = "vectored") -> NDArray[np.float64]:
    """The preset as the flat array that `sim.dynamics` reads."""
    p = np.zeros(P_SIZE)
    p[P_MASS] = preset.mass_kg
    p[P_WEIGHT] = preset.mass_kg * GRAVITY
    p[P_BUOYANCY] = preset.buoyancy_n
    p[P_CBZ] = preset.cb_z_m
    p[P_HEIGHT] = preset.height_m
    p[P_TAU] = preset.thruster_tau_s
    p[P_TETHER] = tether_m
    p[P_RHO] = density
    p[P_INERTIA : P_INERTIA + 3] = preset.inertia
    p[P_ADDED : P_ADDED + 6] = preset.added
    p[P_LINEAR : P_LINEAR + 6] = preset.linear
    p[P_QUADRATIC : P_QUADRATIC + 6] = preset.quadratic
    thrusters = of_frame(preset.thrusters, frame)
    p[P_CURVE] = thrusters.curve
    whole = np.zeros((6, 8))
    whole[:, : thrusters.allocation.shape[1]] = thrusters.allocation
    p[P_ALLOCATION:] = whole.ravel()
    return p
