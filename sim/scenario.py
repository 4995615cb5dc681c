"""Scenario files: the simulator's world as data. Strict: unknown keys and impossible numbers are refused."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from hull.document import Strict, load_document, resolve_inside
from sim.autopilot.params import Parameters
from sim.water import JERLOV_C_RGB

Side = Literal["P", "S"]
AttachmentKind = Literal["torpedo", "box", "bag", "puck", "grating_tamper"]
ClutterKind = Literal[
    "anode", "weld_seam", "draught_mark", "barnacles", "painted_pattern", "doubler_plate", "scrape", "weed", "fish", "bubbles"
]
Metres = Annotated[float, Field(gt=0.0, le=20.0)]
Colour = Annotated[float, Field(ge=0.0, le=1.0)]
Rgb = tuple[Colour, Colour, Colour]
Attenuation = Annotated[float, Field(gt=0.0, le=20.0)]


class Sun(Strict):
    """``share``: of the daylight at the surface that comes straight from the sun. ``azimuth_deg``: where it stands, from ship +x
    towards starboard."""

    share: float = Field(default=0.6, ge=0.0, le=1.0)
    elevation_deg: float = Field(default=50.0, ge=5.0, le=90.0)
    azimuth_deg: float = Field(default=100.0, ge=-360.0, le=360.0)


class CameraLook(Strict):
    """``exposure_s``: the shutter's time; 0 leaves motion blur out. ``gain_swing``: how far the automatic gain hunts about what
    the picture needs, ± share of it, in about ``gain_period_s``."""

    exposure_s: float = Field(default=0.0, ge=0.0, le=0.1)
    gain_swing: float = Field(default=0.0, ge=0.0, le=0.8)
    gain_period_s: float = Field(default=3.0, ge=0.2, le=60.0)


class Water(Strict):
    """``c_rgb``: beam attenuation [1/m] for R, G, B; or ``jerlov``, a type of `sim.water.JERLOV_C_RGB`. ``ambient``: daylight at
    the surface relative to the lamps' own picture, 0 (night) to 3. ``particles_per_m3``: marine snow a camera can see.
    ``sun``: makes bright threads of light in the first metres (`sim.caustics`); none: overcast."""

    c_rgb: tuple[Attenuation, Attenuation, Attenuation] | None = None
    jerlov: Literal["I", "IA", "IB", "II", "III", "1C", "3C", "5C", "7C", "9C"] | None = None
    ambient: float = Field(default=0.6, ge=0.0, le=3.0)
    particles_per_m3: float = Field(default=300.0, ge=0.0, le=100_000.0)
    sun: Sun | None = None
    density_kgm3: float = Field(default=1025.0, ge=990.0, le=1040.0)

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.c_rgb is None) == (self.jerlov is None):
            raise ValueError("give exactly one of c_rgb and jerlov")
        return self

    @property
    def attenuation_rgb(self) -> tuple[float, float, float]:
        """Beam attenuation [1/m] for R, G, B, whichever way it was given."""
        if self.c_rgb is not None:
            return self.c_rgb
        assert self.jerlov is not None
        return JERLOV_C_RGB[self.jerlov]


class Waves(Strict):
    """One deep-water wave train. ``direction_deg``: where it travels to, from ship +x towards starboard."""

    height_m: float = Field(default=0.1, ge=0.0, le=3.0)
    period_s: float = Field(default=4.0, ge=1.0, le=20.0)
    direction_deg: float = Field(default=150.0, ge=-360.0, le=360.0)


class Launch(Strict):
    """Where the vehicle floats at the start, disarmed: abeam of ``frame`` on ``side``, ``offset_m`` outboard of the hull at that
    depth, facing it but for ``heading_error_deg``."""

    side: Side = "S"
    frame: float = Field(default=28.0, ge=-50.0, le=1000.0)
    offset_m: float = Field(default=3.0, ge=0.6, le=50.0)
    depth_m: float = Field(default=0.3, ge=0.0, le=30.0)
    heading_error_deg: float = Field(default=0.0, ge=-180.0, le=180.0)


PREPARED = {"FS_PILOT_INPUT": 1.0, "FS_PILOT_TIMEOUT": 0.7}


class VehicleSetup(Strict):
    """``preset``: `sim.presets`; ``randomised`` draws a vehicle by the seed. ``frame``: six thrusters, or eight (BlueROV2 Heavy).
    ``tether_m``: tether length in the water that the vehicle drags. ``lamps``: how many burn. ``battery_fraction``: charge at the
    start. ``compass_error_deg``: how far the hull's steel turns the compass at 1 m. ``parameters``: of the autopilot, set before
    it starts; by default what `hullscan doctor --apply` sets on a vehicle with ArduSub's defaults."""

    preset: Literal["spec", "tethered", "randomised", "sitl_vectored"] = "spec"
    frame: Literal["vectored", "vectored_6dof"] = "vectored"
    launch: Launch = Launch()
    camera_fps: float = Field(default=5.0, gt=0.0, le=60.0)
    lamps: int = Field(default=2, ge=2, le=4)
    tether_m: float = Field(default=5.0, ge=0.0, le=100.0)
    battery_fraction: float = Field(default=1.0, gt=0.0, le=1.0)
    compass_error_deg: float = Field(default=12.0, ge=0.0, le=90.0)
    parameters: dict[Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,15}$")], float] = PREPARED

    @model_validator(mode="after")
    def _known(self) -> Self:
        known = Parameters()
        for name in self.parameters:
            if known.by_name(name) is None:
                raise ValueError(f"parameters: got {name}, expected the name of an ArduSub parameter")
        return self


class Attachment(Strict):
    """``size_m``: along the hull, girthwise, height off the hull. ``depth_m``: of its centre. ``angle_deg``: turned
    in the plating's plane."""

    kind: AttachmentKind
    side: Side
    frame: float = Field(ge=-50.0, le=1000.0)
    depth_m: float = Field(ge=0.0, le=40.0)
    size_m: tuple[Metres, Metres, Metres]
    paint: Literal["hull", "bare", "dark"] | Rgb = "hull"
    fouling: float = Field(default=0.0, ge=0.0, le=1.0)
    angle_deg: float = Field(default=0.0, ge=-180.0, le=180.0)


class Clutter(Strict):
    """What must not alarm. ``size_m``: along the hull and girthwise (and height off the hull where it has one).

    Fish: ``size_m`` is body length, how far they swim along the hull, and how far off it; ``count`` of them. Bubbles: ``size_m``
    is the stream's width along and athwart, and how far off the hull it rises; ``count`` a second.
    """

    kind: ClutterKind
    side: Side
    frame: float = Field(ge=-50.0, le=1000.0)
    depth_m: float = Field(ge=0.0, le=40.0)
    size_m: tuple[Metres, Metres] | tuple[Metres, Metres, Metres]
    angle_deg: float = Field(default=0.0, ge=-180.0, le=180.0)
    count: int = Field(default=1, ge=1, le=60)

    @model_validator(mode="after")
    def _moving(self) -> Self:
        moving = self.kind in ("fish", "bubbles")
        if moving and len(self.size_m) != 3:
            raise ValueError(f"size_m: got {len(self.size_m)} numbers, expected 3 for {self.kind}")
        if not moving and self.count != 1:
            raise ValueError(f"count: got {self.count}, expected 1 for {self.kind}: only fish and bubbles come in numbers")
        return self


FaultKind = Literal[
    "dvl_lost",
    "range_dropout",
    "compass_swing",
    "current_gust",
    "depth_jump",
    "leak",
    "low_battery",
    "thruster_dead",
    "thruster_reversed",
    "tether_snag",
    "range_stuck",
    "camera_frozen",
    "camera_black",
    "camera_smeared",
    "autopilot_reboot",
    "gcs_loss",
    "mavlink_loss",
    "mavlink_delay",
    "mavlink_duplicate",
    "mavlink_reorder",
]

FAULT_PARAMS: dict[str, dict[str, tuple[float, float, float]]] = {
    # kind: {parameter: (default, least, most)}
    "dvl_lost": {},
    "range_dropout": {"probability": (1.0, 0.0, 1.0)},
    "compass_swing": {"amplitude_deg": (40.0, 0.0, 180.0), "period_s": (20.0, 0.5, 600.0)},
    "current_gust": {"x_mps": (0.3, -2.0, 2.0), "y_mps": (0.0, -2.0, 2.0)},
    "depth_jump": {"offset_m": (0.5, -20.0, 20.0)},
    "leak": {},
    "low_battery": {"fraction": (0.05, 0.0, 1.0)},
    "thruster_dead": {"number": (1.0, 1.0, 6.0)},
    "thruster_reversed": {"number": (1.0, 1.0, 6.0)},
    "tether_snag": {"slack_m": (1.0, 0.0, 50.0)},
    "range_stuck": {},
    "camera_frozen": {},
    "camera_black": {},
    "camera_smeared": {"width_px": (31.0, 3.0, 201.0)},
    "autopilot_reboot": {},
    "gcs_loss": {},
    "mavlink_loss": {"probability": (0.2, 0.0, 1.0)},
    "mavlink_delay": {"delay_s": (0.3, 0.02, 10.0)},
    "mavlink_duplicate": {"probability": (0.2, 0.0, 1.0)},
    "mavlink_reorder": {"probability": (0.2, 0.0, 1.0)},
}
"""Parameters of each fault kind; all also take ``duration_s`` (default: to the end)."""


class Fault(Strict):
    """From ``at_s`` on, ``kind`` acts with ``params`` (see `FAULT_PARAMS`)."""

    at_s: float = Field(ge=0.0, le=1e6)
    kind: FaultKind
    params: dict[str, float] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known(self) -> Self:
        allowed = FAULT_PARAMS[self.kind] | {"duration_s": (0.0, 0.0, 1e6)}
        for name, value in self.params.items():
            if name not in allowed:
                raise ValueError(f"params.{name}: {self.kind} takes {', '.join(sorted(allowed))}")
            _, least, most = allowed[name]
            if not least <= value <= most:
                raise ValueError(f"params.{name}: {value} is outside {least} … {most}")
        return self

    def param(self, name: str) -> float:
        """The parameter, or its default."""
        return self.params.get(name, FAULT_PARAMS[self.kind][name][0])

    def active(self, t: float) -> bool:
        """Whether it acts at ``t`` [s]."""
        return self.at_s <= t < self.at_s + self.params.get("duration_s", float("inf"))


class Scenario(Strict):
    """A world to fly in. ``vessel`` is a path relative to the scenario's own folder. ``current_mps``: at the surface, along
    ship x and y; ``current_shear_per_s``: what it gains per metre of depth."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
    vessel: Annotated[str, Field(min_length=1, max_length=255)]
    water: Water = Water(c_rgb=(0.9, 0.55, 0.65))
    current_mps: tuple[Annotated[float, Field(ge=-2.0, le=2.0)], Annotated[float, Field(ge=-2.0, le=2.0)]] = (0.0, 0.0)
    current_shear_per_s: tuple[Annotated[float, Field(ge=-0.5, le=0.5)], Annotated[float, Field(ge=-0.5, le=0.5)]] = (0.0, 0.0)
    waves: Waves = Waves()
    vehicle: VehicleSetup = VehicleSetup()
    camera: CameraLook = CameraLook()
    attachments: list[Attachment] = Field(default_factory=list)
    clutter: list[Clutter] = Field(default_factory=list)
    faults: list[Fault] = Field(default_factory=list)
    seed: int = Field(default=1, ge=0, le=2**31 - 1)


def load_scenario(path: Path) -> Scenario:
    """Reads a scenario file.

    Raises:
        hull.document.DocumentError: with file, line, field, value and what was expected.
    """
    return load_document(path, Scenario)


def vessel_path(scenario: Scenario, path: Path) -> Path:
    """The vessel file of the scenario read from ``path``; never outside the folder two levels above the scenario's.

    Raises:
        hull.document.DocumentError: the path escapes or does not exist.
    """
    return resolve_inside(path, scenario.vessel, path.resolve().parent.parent.parent, "vessel")
