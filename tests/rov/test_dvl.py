"""DVL lines, however damaged, and the plane through its beams."""

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rov.dvl import MAX_LINE, DvlReader, Fix, beam_axes, fit_plane
from wire.channel import PipeEnd, pipe
from wire.rig import BLUEROV2

ANGLE = math.radians(22.5)
MOUNT = np.array(BLUEROV2.dvl_mount_m)


def report(**changes: Any) -> dict[str, Any]:
    beams = [{"id": k, "velocity": 0.1, "distance": 1.0 + k, "rssi": -30, "nsd": -90, "beam_valid": True} for k in range(4)]
    whole = {"type": "velocity", "format": "json_v3", "time": 66.6, "vx": 0.1, "vy": -0.2, "vz": 0.3, "fom": 0.01}
    return whole | {"velocity_valid": True, "altitude": 1.0, "transducers": beams, "status": 0} | changes


def line(**changes: Any) -> bytes:
    return json.dumps(report(**changes)).encode() + b"\r\n"


def reader() -> tuple[DvlReader, PipeEnd]:
    mine, theirs = pipe()
    return DvlReader(mine), theirs


def test_axes_become_the_body_s() -> None:
    dvl, end = reader()
    end.send(line())
    (fix,) = dvl.receive(5.0)
    assert fix == Fix(5.0, (0.3, -0.2, -0.1), 0.01, ((0, 1.0), (1, 2.0), (2, 3.0), (3, 4.0)))
    assert dvl.seen_t == 5.0 and dvl.bad_lines == 0


def test_lines_in_pieces_and_several_at_once() -> None:
    dvl, end = reader()
    data = line() * 3
    got = []
    for k in range(0, len(data), 7):
        end.send(data[k : k + 7])
        got += dvl.receive(k * 0.01)
    assert len(got) == 3 and dvl.bad_lines == 0
    end.send(data)
    assert len(dvl.receive(9.0)) == 3 and dvl.receive(9.1) == [] and dvl.seen_t == 9.0


def test_other_reports_and_blank_lines_are_no_fault() -> None:
    dvl, end = reader()
    end.send(b'\n\r\n{"type":"position_local","x":1}\n{"response_to":"get_config"}\n')
    assert dvl.receive(1.0) == [] and dvl.bad_lines == 0 and dvl.seen_t < 0


@pytest.mark.parametrize(
    "bad",
    [b"garbage", b"[1, 2]", b"null", b"\xff\xfe\x00", b'{"type":"velocity"}', b"[" * 9000, b"7", b'"velocity"', b"{" * 50,
     line(fom=math.nan)[:-2], line(vx=math.inf)[:-2], line(fom=True)[:-2], line(transducers=7)[:-2], line(transducers=[3])[:-2],
     line(vy="0.1")[:-2], line(fom=10**400)[:-2], line(vx=-(10**400))[:-2], line(transducers=[{}])[:-2]],
)  # fmt: skip
def test_damage_is_counted_and_skipped(bad: bytes) -> None:
    dvl, end = reader()
    end.send(bad + b"\n" + line())
    assert len(dvl.receive(1.0)) == 1
    assert dvl.bad_lines == 1


def test_a_line_without_end_is_thrown_away() -> None:
    dvl, end = reader()
    end.send(b"x" * (MAX_LINE + 1))
    assert dvl.receive(1.0) == [] and dvl.bad_lines == 1
    end.send(b"\n" + line())
    assert len(dvl.receive(2.0)) == 1


def test_velocity_that_is_not_to_be_trusted() -> None:
    dvl, end = reader()
    end.send(line(velocity_valid=False) + line(fom=0.21) + line(vx=5.1) + line(velocity_valid=1) + line(fom=0.2))
    assert [fix.velocity is None for fix in dvl.receive(1.0)] == [True, True, True, True, False]


def test_only_good_beams_count() -> None:
    dvl, end = reader()
    rows = report()["transducers"]
    rows[0]["beam_valid"], rows[1]["distance"], rows[2]["id"] = False, 0.01, 7
    end.send(line(transducers=rows))
    assert dvl.receive(1.0)[0].beams == ((3, 4.0),)


@given(st.lists(st.binary(max_size=60) | st.just(b"\n") | st.sampled_from([line()[:80], line()[80:], line()]), max_size=30))
def test_nothing_raises(pieces: list[bytes]) -> None:
    dvl, end = reader()
    for piece in pieces:
        end.send(piece)
        for fix in dvl.receive(1.0):
            assert fix.velocity is None or all(math.isfinite(v) for v in fix.velocity)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(10**320),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["id", "distance", "beam_valid"]), inner),
    max_leaves=8,
)


@given(st.sampled_from(sorted(report())), json_values)
def test_a_wrong_field_never_raises(field: str, value: Any) -> None:
    dvl, end = reader()
    end.send(line(**{field: value}) + line())
    assert dvl.receive(1.0)[-1].velocity == (0.3, -0.2, -0.1)


def test_beam_axes() -> None:
    axes = beam_axes(ANGLE)
    assert np.allclose(np.linalg.norm(axes, axis=1), 1.0) and np.allclose(axes[:, 0], math.cos(ANGLE))
    assert np.allclose(axes.sum(axis=0)[1:], 0.0)
    assert (np.sign(axes[:, 1]) == [1, 1, -1, -1]).all() and (np.sign(axes[:, 2]) == [-1, 1, 1, -1]).all()


def seen_plane(yaw: float, pitch: float, distance: float, ids: tuple[int, ...] = (0, 1, 2, 3)) -> tuple[Fix, np.ndarray]:
    """Beams on a plane at ``distance`` of the origin, with body-frame normal towards the vehicle."""
    normal = np.array([-math.cos(yaw) * math.cos(pitch), math.sin(yaw) * math.cos(pitch), math.sin(pitch)])
    axes = beam_axes(ANGLE)
    beams = tuple((k, float((-distance - MOUNT @ normal) / (axes[k] @ normal))) for k in ids)
    return Fix(0.0, None, 0.0, beams), normal


@pytest.mark.parametrize("ids", [(0, 1, 2, 3), (0, 1, 2), (1, 2, 3), (0, 2, 3)])
@pytest.mark.parametrize("pitch_deg", [-10, 0, 10])
@pytest.mark.parametrize("yaw_deg", [-30, 0, 30])
def test_a_plane_is_found_exactly(yaw_deg: float, pitch_deg: float, ids: tuple[int, ...]) -> None:
    fix, normal = seen_plane(math.radians(yaw_deg), math.radians(pitch_deg), 1.3, ids)
    plane = fit_plane(fix, beam_axes(ANGLE), MOUNT)
    assert plane is not None
    assert plane.distance_m == pytest.approx(1.3, abs=1e-9) and plane.residual_m == pytest.approx(0.0, abs=1e-9)
    assert plane.normal == pytest.approx(tuple(normal), abs=1e-9)


def test_too_few_beams_are_no_plane() -> None:
    fix, _ = seen_plane(0.0, 0.0, 1.0, (0, 1))
    assert fit_plane(fix, beam_axes(ANGLE), MOUNT) is None
    assert fit_plane(fix._replace(beams=(fix.beams[0],) * 3), beam_axes(ANGLE), MOUNT) is None


def test_a_bump_shows_in_the_residual() -> None:
    fix, _ = seen_plane(0.0, 0.0, 1.0)
    bumped = fix._replace(beams=((0, fix.beams[0][1] - 0.4), *fix.beams[1:]))
    plane = fit_plane(bumped, beam_axes(ANGLE), MOUNT)
    assert plane is not None and plane.residual_m > 0.05
