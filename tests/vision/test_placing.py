"""Pixels to the hull and back, on a flat side and over a curve."""

import math
from pathlib import Path

import msgspec
import numpy as np
import pytest

from hull.shell import build_surface
from hull.surface import HullSurface
from hull.vessel import load_vessel
from tests.vision.synthetic import DRAUGHT, HALF_BEAM, FlatSide, belief
from vision.history import Belief
from vision.optics import CAMERA_TO_BODY, Optics
from vision.placing import Placer, vehicle_view
from wire import messages as m
from wire.rig import CameraRig

OPTICS = Optics(CameraRig())
PRINCIPAL = np.array([[OPTICS.matrix[0, 2], OPTICS.matrix[1, 2]]])


class RoundSide(HullSurface):
    """Half cylinders of radius 3 m about an axis 3 m above the baseline; girth along the arc."""

    def __init__(self) -> None:
        xs, angles = np.meshgrid(np.linspace(0.0, 50.0, 101), np.linspace(0.0, 2.2, 221), indexing="ij")
        super().__init__(np.stack([xs, 3.0 * np.sin(angles), 3.0 - 3.0 * np.cos(angles)], axis=2), DRAUGHT)


def on_side(where: Belief, side: m.Side) -> Belief:
    fields = {name: getattr(where.pose, name) for name in where.pose.__struct_fields__}
    return where._replace(pose=m.HullPose(**fields | {"side": side}))


@pytest.mark.parametrize("surface", [FlatSide(), RoundSide()])
@pytest.mark.parametrize("side", ["P", "S"])
@pytest.mark.parametrize("yaw", [-0.2, 0.0, 0.3])
def test_round_trip(surface: HullSurface, side: m.Side, yaw: float) -> None:
    where = on_side(belief(20.3, 3.0, yaw_off_rad=yaw, roll_rad=0.05), side)
    look = Placer(surface, OPTICS).look(where)
    xs, ys = np.meshgrid(np.linspace(20, 620, 7), np.linspace(20, 460, 5))
    pixels = np.stack([xs.ravel(), ys.ravel()], axis=1)
    hits = look.place(pixels)
    assert hits.ok.all()
    points = np.array([surface.point(side, float(x), float(s)) for x, s in zip(hits.x, hits.s, strict=True)])
    body = (points - look.view.centre) @ look.view.rotation
    assert float(np.abs(OPTICS.project(body) - pixels).max()) < 1.5
    assert np.allclose(hits.depth, DRAUGHT - points[:, 2], atol=0.01)
    assert np.allclose(hits.forward, body[:, 0], atol=0.01)


def test_the_sampled_patch_agrees_with_the_surface_on_a_real_form() -> None:
    path = Path(__file__).parents[2] / "missions" / "library" / "coaster50.vessel.yaml"
    surface = build_surface(load_vessel(path).model_copy(update={"block_coefficient": None}), path)
    for side, x, depth in (("S", 24.0, 1.5), ("P", 43.0, 1.0), ("S", 6.0, 1.2), ("P", 25.0, 2.6)):
        s = surface.girth_at_depth(x, depth)
        hits_from = on_side(belief(x), side)  # type: ignore[arg-type]
        where = hits_from._replace(pose=msgspec.structs.replace(hits_from.pose, s_m=s, depth_m=depth))
        look = Placer(surface, OPTICS).look(where)
        hits = look.place(np.array([[160.0, 120.0], [320.0, 240.0], [480.0, 240.0]]))
        assert hits.ok.all()
        points = np.array([surface.point(look.side, float(a), float(b)) for a, b in zip(hits.x, hits.s, strict=True)])
        body = (points - look.view.centre) @ look.view.rotation
        assert np.allclose(body[:, 0], hits.forward, atol=0.02)
        assert float(np.abs(OPTICS.project(body) - [[160.0, 120.0], [320.0, 240.0], [480.0, 240.0]]).max()) < 6.0


def test_right_of_the_picture_is_forward_on_starboard_and_aft_on_port() -> None:
    right = PRINCIPAL + np.array([100.0, 0.0])
    placer = Placer(FlatSide(), OPTICS)
    starboard, port = placer.look(belief(20.0)), placer.look(on_side(belief(20.0), "P"))
    assert starboard.place(right).x[0] > 20.1
    assert port.place(right).x[0] < 19.9
    assert not starboard.right_is_aft
    assert port.right_is_aft


def test_nose_right_looks_right() -> None:
    look = Placer(FlatSide(), OPTICS).look(belief(20.0, yaw_off_rad=0.1))
    assert look.place(PRINCIPAL).x[0] == pytest.approx(20.0 + 0.8 * math.tan(0.1), abs=1e-3)
    assert look.incidence_rad == pytest.approx(0.1, abs=1e-3)


def test_down_in_the_picture_is_deeper() -> None:
    look = Placer(FlatSide(), OPTICS).look(belief(20.0))
    assert look.place(PRINCIPAL + np.array([0.0, 100.0])).depth[0] > look.place(PRINCIPAL).depth[0]


def test_range_is_from_the_lens() -> None:
    assert Placer(FlatSide(), OPTICS).look(belief(20.0, standoff_m=0.8)).range_m == pytest.approx(0.6, abs=1e-3)


def test_footprint_surrounds_what_the_box_shows() -> None:
    look = Placer(FlatSide(), OPTICS).look(belief(20.0))
    polygon = look.footprint((25.0, 19.0, 614.0, 460.0))
    xs, ss = [p[0] for p in polygon], [p[1] for p in polygon]
    assert max(xs) - min(xs) == pytest.approx(0.6 * 589 / 457, abs=0.01)
    assert max(ss) - min(ss) == pytest.approx(0.6 * 441 / 457, abs=0.01)
    area = 0.5 * abs(sum(xs[i - 1] * ss[i] - xs[i] * ss[i - 1] for i in range(len(xs))))
    assert area == pytest.approx(0.6**2 * 589 * 441 / 457**2, rel=0.02)


def test_a_view_past_the_hull_has_no_footprint() -> None:
    look = Placer(FlatSide(), OPTICS).look(belief(20.0, yaw_off_rad=1.4))
    assert look.footprint((25.0, 19.0, 614.0, 460.0)) == ()


def test_motion_maps_points_between_cameras() -> None:
    placer = Placer(FlatSide(), OPTICS)
    a, b = placer.look(belief(20.0, yaw_off_rad=0.1)), placer.look(belief(20.15, roll_rad=0.05))
    rotation, shift = b.motion_from(a)
    point = np.array([20.1, -HALF_BEAM, 2.1])
    in_b = ((point - b.view.centre) @ b.view.rotation) @ CAMERA_TO_BODY
    in_a = ((point - a.view.centre) @ a.view.rotation) @ CAMERA_TO_BODY
    assert np.allclose(rotation @ in_b + shift, in_a)
    normal, distance = b.plane()
    assert normal @ in_b == pytest.approx(distance, abs=1e-3)


def test_vehicle_axes_are_right_handed_and_level() -> None:
    view = vehicle_view(FlatSide(), belief(20.0), (0.2, 0.0, 0.0))
    assert np.allclose(view.rotation[:, 0], [0.0, 1.0, 0.0], atol=1e-9)
    assert np.allclose(view.rotation[:, 1], [1.0, 0.0, 0.0], atol=1e-9)
    assert np.allclose(view.rotation[:, 2], [0.0, 0.0, -1.0], atol=1e-9)
