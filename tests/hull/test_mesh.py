from pathlib import Path

import numpy as np
import pytest
import trimesh

from hull.document import DocumentError
from hull.shell import load_ship
from hull.surface import HullSurface
from hull.vessel import Vessel

from .conftest import closed_triangles

GARBAGE = [b"", b"\0" * 200, b"glTF\x02\0\0\0" + b"\xff" * 90, b"v 1 2\nf 9 9 9\n", b"solid x\nfacet\n" * 9]
VESSEL = (
    "name: Box\ntype: patrol\nlength_m: 10.0\nbeam_m: 4.0\ndraught_m: 1.0\ndepth_m: 2.0\n"
    "frame_spacing_m: 0.5\nmesh: {file: box.stl}\n"
)


def test_a_box_barge_from_stl(tmp_path: Path) -> None:
    box = trimesh.creation.box(extents=[10.0, 4.0, 2.0])
    box.apply_translation([5.0, 0.0, 1.0])
    box.export(tmp_path / "box.stl")
    (tmp_path / "v.yaml").write_text(VESSEL)
    _vessel, surface = load_ship(tmp_path / "v.yaml")
    assert surface.signed_distance(np.array([5.0, 3.0, 1.0])) == pytest.approx(1.0, abs=0.01)
    assert surface.signed_distance(np.array([5.0, 0.5, -0.5])) == pytest.approx(0.5, abs=0.01)
    assert surface.nearest(np.array([5.0, -3.0, 0.9])).normal == pytest.approx([0, -1, 0], abs=0.02)


def test_unusable_meshes_are_named(tmp_path: Path) -> None:
    (tmp_path / "v.yaml").write_text(VESSEL)
    (tmp_path / "box.stl").write_bytes(b"solid nothing")
    with pytest.raises(DocumentError, match=r"mesh\.file: got 'box\.stl', expected"):
        load_ship(tmp_path / "v.yaml")
    trimesh.creation.box(extents=[1.0, 4.0, 2.0]).export(tmp_path / "box.stl")
    with pytest.raises(DocumentError, match=r"expected a shell in the ship frame in metres that reaches from x 0 to 10"):
        load_ship(tmp_path / "v.yaml")


@pytest.mark.parametrize(
    ("scale", "move", "what"),
    [
        ([1000.0, 1000.0, 1000.0], [0.0, 0.0, 0.0], "beam is 4 within"),
        ([1.0, 2.0, 1.0], [0.0, 0.0, 0.0], "beam is 4 within"),
        ([1.0, 1.0, 1.0], [0.0, 3.0, 0.0], "centreline y is 0 within"),
        ([1.0, 1.0, 1.0], [0.0, 0.0, -1.0], "keel height is 0 within"),
        ([1.0, 1.0, 2.0], [0.0, 0.0, 0.0], "depth is 2 within"),
        ([1.0, 1.0, 1.0], [-5.0, 0.0, 0.0], "reaches from x 0 to 10"),
    ],
)
def test_a_mesh_that_is_not_this_ship_is_refused(scale: list[float], move: list[float], what: str, tmp_path: Path) -> None:
    box = trimesh.creation.box(extents=[10.0, 4.0, 2.0])
    box.apply_translation([5.0, 0.0, 1.0])
    box.vertices = box.vertices * scale + move
    box.export(tmp_path / "box.stl")
    (tmp_path / "v.yaml").write_text(VESSEL)
    with pytest.raises(DocumentError, match=what):
        load_ship(tmp_path / "v.yaml")


@pytest.mark.parametrize("kind", ["stl", "obj", "glb"])
def test_a_ship_comes_back_from_its_own_mesh(kind: str, ship: tuple[Vessel, HullSurface], tmp_path: Path) -> None:
    vessel, surface = ship
    mesh = trimesh.Trimesh(**trimesh.triangles.to_kwargs(closed_triangles(surface)))
    mesh.export(tmp_path / f"ship.{kind}")
    keys = ("length_m", "beam_m", "draught_m", "depth_m", "frame_spacing_m")
    numbers = "".join(f"{key}: {getattr(vessel, key)}\n" for key in keys)
    (tmp_path / "v.yaml").write_text(f"name: n\ntype: coaster\n{numbers}mesh: {{file: ship.{kind}}}\n")
    sliced = load_ship(tmp_path / "v.yaml")[1]
    for xyz in np.random.default_rng(7).uniform([1.0, -7.0, -2.0], [49.0, 7.0, 5.0], (40, 3)):
        assert sliced.signed_distance(xyz) == pytest.approx(surface.signed_distance(xyz), abs=0.02)


@pytest.mark.parametrize("kind", ["stl", "obj", "glb", "gltf", "yaml"])
@pytest.mark.parametrize(
    "content", [b"", b"\0" * 200, b"glTF\x02\0\0\0" + b"\xff" * 90, b"v 1 2\nf 9 9 9\n", b"solid x\nfacet\n" * 9]
)
def test_garbage_is_refused_in_one_line(kind: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / f"m.{kind}").write_bytes(content)
    (tmp_path / "v.yaml").write_text(VESSEL.replace("box.stl", f"m.{kind}"))
    with pytest.raises(DocumentError, match=r":8: mesh\.file: got 'm\.") as caught:
        load_ship(tmp_path / "v.yaml")
    assert "\n" not in str(caught.value)
