"""Each fault does what docs/faults.md says of it."""

from pathlib import Path

import numpy as np
import pytest

from sim.autopilot import layout
from sim.bad_link import BadLink, packets
from sim.dynamics import E_SIZE, E_SNAG, E_SNAGGED, S_GROUND, S_QUAT, S_SIZE, snag_wrench
from sim.faults import MEANINGS, Link, effects_at, fault_table
from sim.feed import CameraFeed
from sim.scenario import FAULT_PARAMS, Fault
from sim.thrusters import T200
from sim.world import World
from wire.channel import pipe

ROOT = Path(__file__).parents[2]


def fault(kind: str, at: float = 4.0, **params: float) -> Fault:
    return Fault(at_s=at, kind=kind, params=params)  # type: ignore[arg-type]


@pytest.fixture
def flown(calm, vessel, surface, ground):
    """Builds a world with the faults, and its ground station."""

    def build(*faults: Fault):
        world = World(calm.model_copy(update={"faults": list(faults)}), vessel, surface)
        return type(ground)(world)

    return build


def test_the_page_is_the_one_the_code_makes() -> None:
    assert set(MEANINGS) == set(FAULT_PARAMS)
    assert (ROOT / "docs" / "faults.md").read_text() == fault_table()


def test_a_reversed_thruster_pushes_the_other_way(flown) -> None:
    """Thruster 5 and 6 both push down; with 6 turned round they roll the vehicle instead."""
    after = {}
    for kind in ("thruster_dead", "thruster_reversed"):
        station = flown(fault(kind, at=0.0, number=6))
        station.run(1.0)
        gains = station.world._c[layout.THRUSTER_GAIN : layout.THRUSTER_GAIN + 6]
        after[kind] = T200.allocation @ (np.array([0, 0, 0, 0, 1.0, 1.0]) * gains)
    assert after["thruster_dead"][2] == pytest.approx(1.0)
    assert after["thruster_reversed"][2] == pytest.approx(0.0)
    assert abs(after["thruster_reversed"][3]) == pytest.approx(2 * abs(after["thruster_dead"][3]))


def test_a_snagged_tether_holds_the_vehicle_at_the_end_of_its_slack(flown) -> None:
    free, held = flown(), flown(fault("tether_snag", at=10.5, slack_m=1.0))
    travelled = []
    for station in (free, held):
        station.dive()
        start = station.world.vehicle_truth().position.copy()
        station.sticks = (-600, 0, 500, 0)
        station.run(12.0)
        travelled.append(float(np.linalg.norm(station.world.vehicle_truth().position - start)))
    assert travelled[0] > 3.0
    assert 0.9 < travelled[1] < 1.3


def test_a_snag_pulls_along_the_tether_only_and_never_pushes() -> None:
    s, e, out = np.zeros(S_SIZE), np.zeros(E_SIZE), np.zeros(6)
    s[S_QUAT], e[E_SNAGGED], e[E_SNAG + 3] = 1.0, 1.0, 2.0
    s[0] = 1.5
    snag_wrench(s, e, out)
    assert not out.any()
    s[0] = 2.5
    snag_wrench(s, e, out)
    assert out[0] == pytest.approx(-200.0)
    out[:] = 0.0
    s[S_GROUND] = -10.0
    snag_wrench(s, e, out)
    assert out[0] == 0.0


def test_stuck_ranges_repeat(calm, vessel, surface, ground) -> None:
    launch = calm.vehicle.launch.model_copy(update={"offset_m": 2.0, "depth_m": 1.5})
    near = calm.model_copy(
        update={"vehicle": calm.vehicle.model_copy(update={"launch": launch}), "faults": [fault("range_stuck", at=2.0)]}
    )
    station = type(ground)(World(near, vessel, surface))
    seen = []
    for _ in range(8):
        station.run(0.5)
        seen.append(station.world._ranges[0].metres)
    assert len(set(seen[:3])) == 3
    assert len(set(seen[4:])) == 1 and seen[4] is not None


class Stripes:
    def render(self, position_ned, rotation, t, frame_seq):
        image = np.zeros((24, 64, 3), np.uint8)
        image[:, ::2] = 200
        image[12:] = 0
        return image


def test_a_smeared_picture_loses_what_varies_sideways_only(flown) -> None:
    station = flown(fault("camera_smeared", at=1.0, width_px=9))
    feed = CameraFeed(station.world, Stripes())
    clear = feed.poll()
    station.run(1.2)
    smeared = feed.poll()
    assert clear is not None and smeared is not None
    assert np.ptp(clear.image[5]) == 200
    assert np.ptp(smeared.image[5, 8:-8]) < 30
    assert smeared.image[16:].max() == 0


def test_a_reboot_disarms_is_silent_and_zeroes_the_depth(flown) -> None:
    station = flown(fault("autopilot_reboot", at=12.0))
    station.dive(2.0)
    station.run(1.6)
    assert station.world.autopilot.core.armed
    station.run(0.4)
    assert not station.world.autopilot.core.armed
    quiet = station.world.t
    station.run(1.2)
    assert not [m for t, m in station.log if t > quiet + 0.1]
    station.run(3.0)
    assert station.last("HEARTBEAT").custom_mode == 19 and station.last("HEARTBEAT").base_mode == 81
    assert "ArduPilot Ready" in station.texts(quiet)
    assert station.last("SYSTEM_TIME").time_boot_ms < 4000
    depth = float(station.world.vehicle_truth().position[2])
    reported = -station.last("GLOBAL_POSITION_INT").relative_alt / 1000.0
    assert depth - reported > 0.5, "depth counts from where it booted"
    assert station.command(176, 1, 2) == 0 and station.command(400, 1) == 0, "it can be flown again"


def test_gcs_loss_lets_the_pilot_failsafe_act_while_telemetry_goes_on(flown) -> None:
    station = flown(fault("gcs_loss", at=10.5))
    station.dive()
    assert station.world.autopilot.core.armed
    station.run(4.0)
    assert not station.world.autopilot.core.armed
    assert "Lost manual control" in station.texts()
    assert station.count("ATTITUDE", station.world.t - 1.0) >= 9


def test_delay_is_the_delay(flown) -> None:
    station = flown(fault("mavlink_delay", at=5.0, delay_s=0.4, duration_s=3.0))
    station.run(4.0)
    before = [station.world.t * 1000 - m.time_boot_ms for t, m in station.log if m.get_type() == "ATTITUDE" and t > 3.0]
    station.run(3.5)
    late = [t * 1000 - m.time_boot_ms for t, m in station.log if m.get_type() == "ATTITUDE" and t > 5.6]
    assert late and min(late) >= 390 and max(late) <= 460
    assert before
    station.run(3.0)
    last = station.last("ATTITUDE")
    assert station.world.t * 1000 - last.time_boot_ms < 150


def sent_through(link: Link, count: int = 200, seed: int = 3) -> list[int]:
    """Numbers that come out when 0 … count - 1 go in as MAVLink packets, one a tick."""
    ours, theirs = pipe()
    channel = BadLink(theirs, seed, 1)
    out = []
    for k in range(count + 20):
        channel.tick(0.02 * k, link if k < count else Link())
        if k < count:
            channel.send(bytes([0xFD, 1, 0, 0, 0, 1, 1, 0, 0, 0, k, 0, 0]))
        out += [p[10] for p in packets(ours.recv())]
    return out


def test_loss_duplication_and_reordering_by_their_rates_and_the_same_for_a_seed() -> None:
    assert sent_through(Link()) == list(range(200))
    lost = sent_through(Link(loss=0.3))
    assert lost == sorted(set(lost)) and 110 <= len(lost) <= 170
    doubled = sent_through(Link(duplicate=0.3))
    assert sorted(set(doubled)) == list(range(200)) and 230 <= len(doubled) <= 290
    swapped = sent_through(Link(reorder=0.3))
    assert sorted(swapped) == list(range(200)) and swapped != list(range(200))
    assert max(abs(i - x) for i, x in enumerate(swapped)) <= 2
    assert sent_through(Link(reorder=0.3)) == swapped != sent_through(Link(reorder=0.3), seed=4)


def test_packets_survive_what_is_not_mavlink() -> None:
    for data in (b"", b"\xfd", b"\xfe\x05abc", b"hello", b"\xfd\xff\x01" + b"x" * 40):
        assert b"".join(packets(data)) == data
    one, two = bytes([0xFE, 2, 0, 1, 1, 0, 7, 7, 0, 0]), bytes([0xFD, 1, 1, 0, 0, 1, 1, 0, 0, 0, 9, 0, 0]) + bytes(13)
    assert packets(one + two) == [one, two]


def test_faults_end(flown) -> None:
    faults = [fault(kind, at=1.0, duration_s=2.0) for kind in FAULT_PARAMS]
    acting, over = effects_at(faults, 2.0), effects_at(faults, 3.5)
    assert acting.link.deaf and acting.range_stuck and acting.snag_slack_m == 1.0 and acting.reboots == 1
    assert over == effects_at([], 3.5)
