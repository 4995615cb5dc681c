"""From a vessel file to its surface: the parametric form of its type, or a mesh sliced at stations."""

import io
import struct
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hull.document import fail
from hull.form import build_grid, solve_exponent, stations
from hull.surface import HullSurface
from hull.vessel import Vessel, load_vessel

if TYPE_CHECKING:
    import trimesh  # takes most of a second and 60 MB to import, and most ships have no mesh

_GIRTH_POINTS = 64
_MESH_KINDS = ("stl", "obj", "glb")
_MESH_MAX_BYTES = 100_000_000
_END_SLACK_M = 1e-3


class TypeForm(NamedTuple):
    """Defaults by type, chosen to look like ordinary ships; give ``form`` in the vessel file for a particular one."""

    bilge_radius_over_beam: float
    parallel: tuple[float, float]
    transom: float
    fullness: float


TYPES = {
    "tanker": TypeForm(0.07, (0.25, 0.80), 0.45, 2.6),
    "container": TypeForm(0.09, (0.40, 0.62), 0.50, 2.0),
    "coaster": TypeForm(0.10, (0.20, 0.80), 0.55, 2.2),
    "patrol": TypeForm(0.12, (0.15, 0.45), 0.85, 1.8),
}


def build_surface(vessel: Vessel, vessel_file: Path) -> HullSurface:
    """The vessel's shell. ``vessel_file`` is where a mesh path starts from and what errors name.

    Raises:
        hull.document.DocumentError: no form gives the block coefficient, or the mesh is unusable.
    """
    if vessel.mesh is not None:
        return HullSurface(_grid_from_mesh(vessel, vessel_file), vessel.draught_m)
    usual = TYPES[vessel.type]
    form = vessel.form
    radius = form.bilge_radius_m if form.bilge_radius_m is not None else usual.bilge_radius_over_beam * vessel.beam_m
    aft = form.parallel_from if form.parallel_from is not None else usual.parallel[0]
    fore = form.parallel_to if form.parallel_to is not None else usual.parallel[1]
    if aft >= fore:
        raise fail(vessel_file, "form.parallel_from", aft, f"less than parallel_to, {fore}")
    transom = form.transom_fraction if form.transom_fraction is not None else usual.transom
    cutup = (form.cutup_from, form.cutup_m)
    exponent: float | None = form.fullness if form.fullness is not None else usual.fullness
    if vessel.block_coefficient is not None:
        exponent = solve_exponent(
            vessel.block_coefficient,
            vessel.length_m,
            vessel.beam_m,
            vessel.draught_m,
            vessel.depth_m,
            radius,
            (aft, fore),
            transom,
            cutup,
        )
    if exponent is None:
        expected = "a value that this parallel body and bilge radius can have (change form, or leave block_coefficient out)"
        raise fail(vessel_file, "block_coefficient", vessel.block_coefficient, expected)
    grid = build_grid(vessel.length_m, vessel.beam_m, vessel.depth_m, radius, (aft, fore), transom, exponent, cutup)
    return HullSurface(grid, vessel.draught_m)


def load_ship(vessel_file: Path) -> tuple[Vessel, HullSurface]:
    """A vessel file and its surface in one go. Raises DocumentError."""
    vessel = load_vessel(vessel_file)
    return vessel, build_surface(vessel, vessel_file)


def _grid_from_mesh(vessel: Vessel, vessel_file: Path) -> NDArray[np.float64]:
    import trimesh

    assert vessel.mesh is not None
    mesh = _load_mesh(vessel, vessel_file)
    rows = []
    for x in stations(vessel.length_m):
        inside = float(np.clip(x, 2 * _END_SLACK_M, vessel.length_m - 2 * _END_SLACK_M))
        cut = trimesh.intersections.mesh_plane(mesh, [1.0, 0.0, 0.0], [inside, 0.0, 0.0])
        outline = _port_outline(cut[:, :, 1:].reshape(-1, 2)) if len(cut) else None
        if outline is None:
            expected = f"a shell in the ship frame in metres that reaches from x 0 to {vessel.length_m} (none at x = {x:.2f})"
            raise fail(vessel_file, "mesh.file", vessel.mesh.file, expected)
        rows.append(np.concatenate([np.full((_GIRTH_POINTS, 1), x), outline], axis=1))
    return np.stack(rows)


def _load_mesh(vessel: Vessel, vessel_file: Path) -> "trimesh.Trimesh":
    """The mesh in metres, checked against the particulars. Other files it refers to (materials, buffers) are not opened."""
    import trimesh

    assert vessel.mesh is not None
    path = vessel_file.resolve().parent / vessel.mesh.file
    kind = path.suffix.lower().lstrip(".")
    if kind not in _MESH_KINDS:
        raise fail(vessel_file, "mesh.file", vessel.mesh.file, f"a file that ends in .{', .'.join(_MESH_KINDS)}")
    if path.stat().st_size > _MESH_MAX_BYTES:
        raise fail(vessel_file, "mesh.file", vessel.mesh.file, f"at most {_MESH_MAX_BYTES} bytes")
    try:
        mesh = trimesh.load_mesh(io.BytesIO(path.read_bytes()), file_type=kind)
        usable = len(mesh.faces) > 0 and bool(np.isfinite(mesh.vertices).all())
    except (ValueError, OSError, LookupError, TypeError, AttributeError, ImportError, NotImplementedError, struct.error) as error:
        # ImportError: trimesh wants optional packages for what it takes for other encodings.
        expected = f"an STL, OBJ or GLB shell that trimesh can read ({error})"
        raise fail(vessel_file, "mesh.file", vessel.mesh.file, expected) from error
    if not usable:
        raise fail(vessel_file, "mesh.file", vessel.mesh.file, "an STL, OBJ or GLB shell with faces and finite corners")
    mesh.apply_scale(vessel.mesh.scale)
    if mesh.bounds[0, 0] > _END_SLACK_M or mesh.bounds[1, 0] < vessel.length_m - _END_SLACK_M:
        x0, x1 = mesh.bounds[:, 0]
        expected = f"a shell in the ship frame in metres that reaches from x 0 to {vessel.length_m} (not {x0:.2f} to {x1:.2f})"
        raise fail(vessel_file, "mesh.file", vessel.mesh.file, expected)
    for what, got, wanted, spare in _measures(vessel, mesh.bounds):
        if abs(got - wanted) > spare:
            expected = f"a shell in the ship frame in metres whose {what} is {wanted:g} within {spare:.2f} (found {got:.2f})"
            raise fail(vessel_file, "mesh.file", vessel.mesh.file, expected)
    return mesh


def _measures(vessel: Vessel, bounds: NDArray[np.float64]) -> list[tuple[str, float, float, float]]:
    """(what, found, wanted, allowance) [m]; the overhang of bow and stern beyond the perpendiculars is let be."""
    (_x0, y0, z0), (_x1, y1, z1) = bounds
    return [
        ("beam", float(y1 - y0), vessel.beam_m, 0.05 * vessel.beam_m),
        ("centreline y", float(y0 + y1) / 2.0, 0.0, 0.02 * vessel.beam_m),
        ("keel height", float(z0), 0.0, 0.05 * vessel.depth_m),
        ("depth", float(z1), vessel.depth_m, 0.25 * vessel.depth_m),
    ]


def _port_outline(points: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Keel-to-sheer polyline of a section: greatest half-breadth by height, resampled evenly along its girth."""
    port = points[points[:, 0] >= -1e-6]
    if len(port) < 3:
        return None
    # A closed mesh has a deck; the shell ends at its edge.
    top = port[:, 1] >= port[:, 1].max() - 1e-6
    port = np.concatenate([port[~top], port[top][[int(np.argmax(port[top][:, 0]))]]])
    angle_centre = np.array([0.0, port[:, 1].max()])
    offset = port - angle_centre
    order = np.argsort(np.arctan2(offset[:, 0], -offset[:, 1]), kind="stable")
    ordered = np.concatenate([[[0.0, port[:, 1].min()]], port[order]])
    steps = np.linalg.norm(np.diff(ordered, axis=0), axis=1)
    keep = np.concatenate([[True], steps > 1e-6])
    ordered = ordered[keep]
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(ordered, axis=0), axis=1))])
    if along[-1] <= 0:
        return None
    t = np.linspace(0.0, along[-1], _GIRTH_POINTS)
    return np.stack([np.interp(t, along, ordered[:, 0]), np.interp(t, along, ordered[:, 1])], axis=1)
