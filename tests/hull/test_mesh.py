from pathlib import Path

import numpy as np
import pytest
import trimesh

from hull.document import DocumentError
from hull.shell import load_ship

VESSEL = "name: Box\ntype: patrol\nlength_m: 10.0\nbeam_m: 4.0\ndraught_m: 1.0\ndepth_m: 2.0\nframe_spacing_m: 0.5\nmesh: {file: box.stl}\n"


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
