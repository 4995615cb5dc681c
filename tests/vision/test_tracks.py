"""M of N in hull coordinates, partial views joined, numbers without gaps."""

import numpy as np
import pytest

from vision.config import KnownFitting, VisionConfig
from vision.findings import Findings, crop_jpeg, evidence
from vision.fittings import Fittings
from vision.tracks import Sight, Tracker
from wire import messages as m

CONFIG = VisionConfig()
AROUND = ((19.5, 2.5), (20.5, 2.5), (20.5, 3.5), (19.5, 3.5))


def sight(
    t: float,
    x: float = 20.0,
    half: float = 0.1,
    score: float = 0.8,
    height: float | None = 0.1,
    cut: tuple[bool, bool, bool, bool] = (False, False, False, False),
    kind: m.Kind = "box",
) -> Sight:
    detection = m.Detection(
        bbox=(10, 10, 50, 50),
        score=score,
        kind=kind,
        side="S",
        x_m=x,
        s_m=3.0,
        depth_m=1.6,
        size_m=(2 * half, 0.2),
        height_m=height,
    )
    return Sight(t, detection, (x - half, 2.9), (x + half, 3.1), cut, 0.05, "relief")


def fly(tracker: Tracker, plan: str, x: float = 20.0) -> None:
    """'h' a hit, 'm' an opportunity missed, 'n' a frame that judged nothing, 'f' a far footprint."""
    for i, what in enumerate(plan):
        sights = [sight(float(i), x)] if what == "h" else []
        footprint = tuple((p[0] + 5.0, p[1]) for p in AROUND) if what == "f" else AROUND
        tracker.update(sights, footprint, "S", what != "n")


@pytest.mark.parametrize(
    ("plan", "confirmed"),
    [("hh", False), ("hhh", True), ("hmhmh", True), ("hmmhmmh", False), ("hnnnhnnh", True), ("hffffffhffffh", True)],
)
def test_m_of_n_over_opportunities(plan: str, confirmed: bool) -> None:
    tracker = Tracker(CONFIG)
    fly(tracker, plan)
    assert [track.confirmed for track in tracker.tracks] == [confirmed]


def test_a_single_flicker_is_forgotten() -> None:
    tracker = Tracker(CONFIG)
    fly(tracker, "hmmmmm")
    assert tracker.tracks == []


def test_weak_sights_never_confirm() -> None:
    tracker = Tracker(CONFIG)
    for i in range(10):
        tracker.update([sight(float(i), score=0.45, height=None)], AROUND, "S", True)
    assert tracker.tracks == []


def test_two_places_are_two_contacts_and_sides_do_not_mix() -> None:
    tracker = Tracker(CONFIG)
    for i in range(4):
        tracker.update([sight(float(i), 20.0), sight(float(i), 21.0)], AROUND, "S", True)
    assert len(tracker.tracks) == 2


def test_partial_views_join_to_the_whole_length() -> None:
    tracker = Tracker(CONFIG)
    for i, (low, high) in enumerate([(20.0, 20.4), (20.0, 20.6), (20.2, 20.8), (20.4, 21.0), (20.6, 21.2), (20.9, 21.2)]):
        cut = (low > 20.0, False, high < 21.2, False)
        tracker.update([sight(float(i), (low + high) / 2, (high - low) / 2, cut=cut, kind="box")], AROUND, "S", True)
    (track,) = tracker.tracks
    assert track.size()[0] == pytest.approx(1.2, abs=0.01)
    assert track.extent.centre[0] == pytest.approx(20.6, abs=0.01)
    assert track.kind() == "torpedo"


def test_pieces_of_one_frame_are_one_sight() -> None:
    tracker = Tracker(CONFIG)
    for i in range(3):
        pieces = [sight(float(i), 20.0, cut=(False, False, True, False)), sight(float(i), 20.25, score=0.7)]
        tracker.update(pieces, AROUND, "S", True)
    (track,) = tracker.tracks
    assert (track.hits, track.frames) == (3, 3)
    assert track.size()[0] == pytest.approx(0.45)
    assert not any(any(s.cut) for s in track.sights)


def test_position_noise_averages_out_but_the_navigators_error_stays() -> None:
    tracker = Tracker(CONFIG)
    rng = np.random.default_rng(3)
    for i in range(25):
        tracker.update([sight(float(i), 20.0 + float(rng.normal(0.0, 0.03)))], AROUND, "S", True)
    (track,) = tracker.tracks
    assert track.extent.centre[0] == pytest.approx(20.0, abs=0.03)
    assert 0.05 <= track.position_std() < 0.08


def test_findings_are_numbered_without_gaps_from_where_the_log_ended() -> None:
    config = VisionConfig(next_seq=12, next_number=4)
    tracker, findings = Tracker(config), Findings(config)
    out: list[m.Finding] = []
    for i in range(30):
        x = 20.0 if i < 15 else 23.0
        half = 0.1 if i < 5 else 0.2
        footprint = tuple((p[0] + x - 20.0, p[1]) for p in AROUND)
        for track in tracker.update([sight(float(i), x, half)], footprint, "S", True):
            findings.picture(track, np.zeros((480, 640, 3), np.uint8), (10, 10, 50, 50), False, 0.8)
        out += findings.due(tracker.tracks, float(i))
    assert [f.seq for f in out] == list(range(12, 12 + len(out)))
    assert sorted({f.number for f in out}) == [4, 5]
    for number in (4, 5):
        assert [f.revision for f in out if f.number == number] == list(range(1, 1 + sum(f.number == number for f in out)))
    assert len([f for f in out if f.number == 4]) >= 2
    assert all(m.decode(m.encode(f)) == f for f in out)
    assert out[0].frame == pytest.approx(20.0 / 0.6)


def test_a_steady_contact_is_not_reported_again_and_again() -> None:
    tracker, findings = Tracker(CONFIG), Findings(CONFIG)
    count = 0
    for i in range(50):
        tracker.update([sight(float(i))], AROUND, "S", True)
        count += len(findings.due(tracker.tracks, float(i)))
    assert count == 1


def test_evidence_says_what_was_measured() -> None:
    tracker = Tracker(CONFIG)
    fly(tracker, "hmhh")
    assert evidence(tracker.tracks[0]) == "relief 10 cm over 0.20×0.20 m in 3 of 4 frames"


def test_crop_is_bounded_and_survives_a_box_at_the_edge() -> None:
    image = np.full((480, 640, 3), 128, np.uint8)
    assert crop_jpeg(image, (600, 440, 640, 480))[:2] == b"\xff\xd8"
    assert crop_jpeg(image, (700, 500, 710, 510)) == b""


def test_known_anodes_are_explained_and_what_is_too_high_is_not() -> None:
    fittings = Fittings((KnownFitting(side="S", x_m=20.0, s_m=3.0, size_m=(0.3, 0.15), kind="anode", height_m=0.05),))
    assert fittings.explains(sight(0.0, height=0.05))
    assert not fittings.explains(sight(0.0, height=0.12))
    assert not fittings.explains(sight(0.0, x=20.6, height=0.05))


def test_something_at_a_grating_is_tampering() -> None:
    fittings = Fittings((KnownFitting(side="S", x_m=20.0, s_m=3.0, size_m=(0.6, 0.6), kind="sea_chest_grating"),))
    assert not fittings.explains(sight(0.0, height=0.05))
    assert fittings.kind(sight(0.0)) == "grating_tamper"
    assert fittings.kind(sight(0.0, x=25.0)) == "box"


@pytest.mark.parametrize(("field", "value"), [("next_seq", 0), ("next_number", 0), ("confirm_hits", 9), ("frame_spacing_m", 0.0)])
def test_bad_configuration_names_the_field(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=r"expected"):
        VisionConfig(**{field: value})  # type: ignore[arg-type]
