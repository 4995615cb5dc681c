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


def block(
    t: float, low: tuple[float, float], high: tuple[float, float], cut: tuple[bool, bool, bool, bool] = (False,) * 4
) -> Sight:
    middle = (low[0] + high[0]) / 2
    return sight(t, middle)._replace(low=low, high=high, cut=cut)


@pytest.mark.parametrize("apart_m", [0.3, 0.5, 0.7])
def test_neighbours_stay_two_contacts_also_when_a_blob_spans_both(apart_m: float) -> None:
    tracker, rng = Tracker(CONFIG), np.random.default_rng(2)
    x0, x1 = 20.0, 20.4 + apart_m
    for i in range(12):
        dx = float(rng.normal(0.0, 0.03))
        left = block(float(i), (x0 + dx, 2.9), (x0 + 0.4 + dx, 3.2))
        right = block(float(i), (x1 + dx, 2.9), (x1 + 0.4 + dx, 3.2))
        both = block(float(i), (x0 + dx, 2.9), (x1 + 0.4 + dx, 3.2))
        tracker.update([both] if i % 4 == 3 else [left, right], ((19.0, 2.0), (22.0, 2.0), (22.0, 4.0), (19.0, 4.0)), "S", True)
    assert len(tracker.tracks) == 2 and tracker.merged() == []
    for track, x in zip(tracker.tracks, (x0, x1), strict=True):
        assert (
            track.confirmed and track.extent.x0 == pytest.approx(x, abs=0.08) and track.size()[0] == pytest.approx(0.4, abs=0.1)
        )
        assert track.hits == 9 and list(track.window) == [True] * len(track.window), "the blob is a hit and no extent"


def test_pieces_of_one_long_object_become_one_contact() -> None:
    tracker = Tracker(CONFIG)
    view = ((20.0, 2.6), (21.6, 2.6), (21.6, 3.4), (20.0, 3.4))
    for i in range(4):
        tracker.update([block(float(i), (20.2, 2.9), (20.5, 3.1), (False, False, True, False))], view, "S", True)
    for i in range(4, 8):
        tracker.update([block(float(i), (20.9, 2.9), (21.3, 3.1), (True, False, False, False))], view, "S", True)
    assert len(tracker.tracks) == 2
    for i in range(8, 11):
        tracker.update([block(float(i), (20.2, 2.9), (21.3, 3.1))], view, "S", True)
    assert len(tracker.tracks) == 1 and tracker.tracks[0].size()[0] == pytest.approx(1.1, abs=0.05)


def test_a_scrap_at_the_edge_of_a_contact_is_part_of_it() -> None:
    tracker = Tracker(CONFIG)
    view = ((20.0, 2.6), (21.6, 2.6), (21.6, 3.4), (20.0, 3.4))
    for i in range(8):
        tracker.update([block(float(i), (20.5, 2.9), (21.1, 3.1))], view, "S", True)
    for i in range(8, 11):
        tracker.update([block(float(i), (20.28, 2.9), (20.32, 3.1))], view, "S", True)
    assert len(tracker.tracks) == 2, "18 cm away: something else until shown otherwise"
    tracker.update([block(11.0, (20.28, 2.9), (20.43, 3.1))], view, "S", True)
    tracker.update([block(12.0, (20.28, 2.9), (20.44, 3.1))], view, "S", True)
    assert len(tracker.tracks) == 1


def test_a_merged_contact_says_whom_it_is() -> None:
    tracker, findings = Tracker(CONFIG), Findings(CONFIG)
    view = ((20.0, 2.6), (21.6, 2.6), (21.6, 3.4), (20.0, 3.4))
    published: list[m.Finding] = []
    pieces = [((20.2, 2.9), (20.5, 3.1))] * 4 + [((20.9, 2.9), (21.3, 3.1))] * 4 + [((20.2, 2.9), (21.3, 3.1))] * 3
    for i, (low, high) in enumerate(pieces):
        tracker.update([block(float(i), low, high)], view, "S", True)
        findings.merge(tracker.merged())
        published += findings.due(tracker.tracks, float(i))
    assert [f.seq for f in published] == list(range(1, len(published) + 1))
    assert {f.number for f in published} == {1, 2}
    ends = [f for f in published if f.same_as]
    assert [(f.number, f.same_as) for f in ends] == [(2, 1)]
    revisions = [f.revision for f in published if f.number == 2]
    assert revisions == list(range(1, len(revisions) + 1))
    assert [f for f in published if f.number == 1][-1].size_m[0] == pytest.approx(1.1, abs=0.05)


def test_a_number_once_published_outlives_a_merge_into_an_unconfirmed_track() -> None:
    findings = Findings(CONFIG)
    tracker = Tracker(CONFIG)
    tracker.update([block(0.0, (20.2, 2.9), (20.5, 3.1))], AROUND, "S", True)
    for i in range(1, 5):
        tracker.update(
            [block(float(i), (20.9, 2.9), (21.3, 3.1))], ((20.8, 2.6), (21.6, 2.6), (21.6, 3.4), (20.8, 3.4)), "S", True
        )
    (first,) = findings.due(tracker.tracks, 4.0)
    tracker.update([block(5.0, (20.2, 2.9), (21.3, 3.1))], AROUND, "S", True)
    assert len(tracker.tracks) == 1
    findings.merge(tracker.merged())
    later = findings.due(tracker.tracks, 6.0)
    assert [(f.number, f.revision, f.same_as) for f in [first, *later]] == [(1, 1, 0), (1, 2, 0)]
