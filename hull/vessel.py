"""The vessel file: particulars, hull form and fittings of one ship."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from hull.document import FieldError, Strict, fail, load_document, resolve_inside
from wire.messages import Side

Length = Annotated[float, Field(gt=0.0, le=500.0)]
FittingKind = Literal[
    "sea_chest_grating",
    "bilge_keel",
    "anode",
    "thruster_tunnel",
    "propeller",
    "rudder",
    "weld_seam",
    "draught_mark",
    "bulb",
    "skeg",
]
CENTRELINE: tuple[FittingKind, ...] = ("propeller", "rudder", "bulb", "skeg")
"""Bodies on the centreline, beside or beyond the plating."""


class Form(Strict):
    """Hull-form parameters (`hull.form`); what is left out comes from the vessel's type. ``cutup_m``: how high the keel has risen
    at the aft perpendicular, from ``cutup_from`` (fraction of the length) on."""

    bilge_radius_m: float | None = Field(default=None, gt=0.0, le=10.0)
    parallel_from: float | None = Field(default=None, ge=0.0, le=0.9)
    parallel_to: float | None = Field(default=None, ge=0.1, le=0.98)
    transom_fraction: float | None = Field(default=None, ge=0.02, le=1.0)
    fullness: float | None = Field(default=None, ge=1.0, le=12.0)
    cutup_from: float = Field(default=0.15, gt=0.0, le=0.5)
    cutup_m: float = Field(default=0.0, ge=0.0, le=30.0)


class MeshFile(Strict):
    """A closed or open shell in the ship frame [m] (STL, OBJ, GLB), sliced at stations."""

    file: str = Field(min_length=1, max_length=200)
    scale: float = Field(default=1.0, gt=0.0, le=1000.0)


class Fitting(Strict):
    """Something that belongs on the hull. ``size_m``: along x, along girth, off the hull (0 for flat or recessed). For what
    stands on the centreline: along x, height, breadth; ``depth_m`` is its centre's."""

    kind: FittingKind
    name: str = Field(min_length=1, max_length=60)
    side: Side
    frame: float
    depth_m: float = Field(ge=0.0, le=40.0)
    size_m: tuple[
        Annotated[float, Field(gt=0.0, le=200.0)],
        Annotated[float, Field(gt=0.0, le=30.0)],
        Annotated[float, Field(ge=0.0, le=10.0)],
    ]


class Vessel(Strict):
    """Particulars as in the ship's papers. Length between perpendiculars; ``depth_m`` moulded, keel to sheer."""

    name: str = Field(min_length=1, max_length=80)
    imo: int | None = Field(default=None, ge=1_000_000, le=9_999_999)
    type: Literal["tanker", "container", "coaster", "patrol"]
    length_m: Length
    beam_m: Annotated[float, Field(gt=0.5, le=80.0)]
    draught_m: Annotated[float, Field(gt=0.2, le=30.0)]
    depth_m: Annotated[float, Field(gt=0.3, le=50.0)]
    block_coefficient: Annotated[float, Field(ge=0.3, le=0.95)] | None = None
    form: Form = Form()
    frame_spacing_m: Annotated[float, Field(ge=0.2, le=1.5)]
    fittings: tuple[Fitting, ...] = ()
    mesh: MeshFile | None = None

    @field_validator("imo")
    @classmethod
    def _check_digit(cls, imo: int | None) -> int | None:
        # IMO Resolution A.1117(30): the last digit is the units digit of the sum of digit x (7..2).
        if imo is not None:
            digits = [int(c) for c in str(imo)]
            check = sum(d * w for d, w in zip(digits, range(7, 1, -1), strict=False)) % 10
            if check != digits[-1]:
                raise ValueError(f"an IMO number whose last digit is {check} (check digit)")
        return imo

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.beam_m >= self.length_m:
            raise FieldError("beam_m", f"less than length_m, {self.length_m}")
        if self.draught_m >= self.depth_m:
            raise FieldError("draught_m", f"less than depth_m, {self.depth_m}")
        room = min(self.beam_m / 2.0, self.depth_m)
        if self.form.bilge_radius_m is not None and self.form.bilge_radius_m > room:
            raise FieldError("form.bilge_radius_m", f"at most half the beam and the depth, {room}")
        start, end = self.form.parallel_from, self.form.parallel_to
        if start is not None and end is not None and start >= end:
            raise FieldError("form.parallel_from", f"less than parallel_to, {end}")
        if self.form.cutup_m > 0.8 * self.depth_m:
            raise FieldError("form.cutup_m", f"at most 0.8 of depth_m, {0.8 * self.depth_m:g}")
        if self.block_coefficient is not None and self.form.fullness is not None:
            raise FieldError("form.fullness", "not both this and block_coefficient")
        if self.mesh is not None and (self.block_coefficient is not None or self.form != Form()):
            raise FieldError("mesh", "either a mesh or block_coefficient and form, not both")
        return self

    def frame_to_x(self, frame: float) -> float:
        """Ship x [m] of a frame number."""
        return frame * self.frame_spacing_m

    def x_to_frame(self, x_m: float) -> float:
        """Frame number of a ship x [m]."""
        return x_m / self.frame_spacing_m


def load_vessel(path: Path) -> Vessel:
    """Reads a vessel file.

    Raises:
        hull.document.DocumentError: with file, line, field, value and what was expected.
    """
    vessel = load_document(path, Vessel)
    for i, fitting in enumerate(vessel.fittings):
        x, reach = vessel.frame_to_x(fitting.frame), fitting.size_m[0] / 2.0
        # What hangs on a shaft or a stock may lie beyond the perpendiculars; what is on the plating may not.
        spare = 0.1 * vessel.length_m if fitting.kind in CENTRELINE else 0.0
        if not -spare <= x <= vessel.length_m + spare:
            last = vessel.x_to_frame(vessel.length_m)
            raise fail(path, f"fittings[{i}].frame", fitting.frame, f"a frame on the ship, 0 to {last:.1f}")
        if not -spare <= x - reach <= x + reach <= vessel.length_m + spare:
            raise fail(path, f"fittings[{i}].size_m[0]", fitting.size_m[0], "a length that stays on the ship at that frame")
        if fitting.depth_m > vessel.draught_m + 0.01:
            raise fail(path, f"fittings[{i}].depth_m", fitting.depth_m, f"at most the draught, {vessel.draught_m} m")
    names = [fitting.name for fitting in vessel.fittings]
    for i, name in enumerate(names):
        if name in names[:i]:
            raise fail(path, f"fittings[{i}].name", name, "a name no other fitting has")
    if vessel.mesh is not None:
        resolve_inside(path, vessel.mesh.file, path.resolve().parent, "mesh.file")
    return vessel
