"""Idempotence, restart, and refusal of files that are no survey."""

import sqlite3
from pathlib import Path

import msgspec
import pytest

from station.store import Store, StoredCommand, crop_name, read_crop
from tests.station.fakes import CROP, coverage, finding, frame_report, mission, pose, vehicle


def test_findings_are_kept_once_and_survive_a_restart(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.db")
    assert store.add_finding(finding(1))
    assert store.add_finding(finding(2, revision=2))
    assert not store.add_finding(finding(1))
    store.close()
    again = Store(tmp_path / "s.db")
    assert not again.add_finding(finding(2, revision=2))
    assert [f.seq for f in again.findings()] == [1, 2]
    assert [(f.number, f.revision) for f in again.contacts()] == [(1, 2)]
    assert again.crop(crop_name(finding(1))) == CROP
    assert again.sequences("finding") == {1, 2}
    assert again.conflicts() == 0
    again.close()


def test_a_late_old_revision_does_not_replace_a_newer_one(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.db")
    store.add_finding(finding(2, revision=2))
    store.add_finding(finding(1, revision=1))
    assert [f.revision for f in store.contacts()] == [2]
    store.close()


def test_a_contact_that_turned_out_to_be_another_is_kept_but_not_counted(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.db")
    store.add_finding(finding(1, number=1))
    store.add_finding(finding(2, number=2))
    store.add_finding(msgspec.structs.replace(finding(3, number=2, revision=2), same_as=1))
    assert [f.number for f in store.contacts()] == [1]
    assert [(f.number, f.same_as) for f in store.merged()] == [(2, 1)]
    assert len(store.findings()) == 3
    store.close()


def test_another_finding_under_a_known_seq_is_kept_as_a_conflict(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.db")
    store.add_finding(finding(1))
    assert not store.add_finding(finding(1, number=9))
    assert store.conflicts() == 1
    assert [f.number for f in store.contacts()] == [1]
    store.close()


def test_findings_are_durable_at_once_and_the_rest_after_half_a_second(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.db")
    reader = sqlite3.connect(tmp_path / "s.db")
    count = "SELECT (SELECT count(*) FROM finding), (SELECT count(*) FROM track)"
    store.add_track(vehicle(0.0))
    assert reader.execute(count).fetchone() == (0, 0)
    store.add_finding(finding(1))
    assert reader.execute(count).fetchone()[0] == 1
    store.tick(0.0)
    store.add_track(vehicle(1.0))
    store.tick(0.4)
    assert reader.execute(count).fetchone()[1] == 1
    store.tick(0.5)
    assert reader.execute(count).fetchone()[1] == 2
    assert read_crop(tmp_path / "s.db", "F001-1") == CROP
    assert read_crop(tmp_path / "s.db", "F009-1") is None
    reader.close()
    store.close()


def test_a_cell_keeps_the_state_of_the_highest_seq_in_any_order(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.db")
    assert store.add_coverage(coverage(2, (200, 50, "")))
    assert store.add_coverage(coverage(1, (200, 50, "blurred"), (201, 50, "blurred")))
    assert not store.add_coverage(coverage(2, (200, 50, "blurred")))
    assert [(c.col, c.status, c.reason) for c in store.cells()] == [(200, "inspected", ""), (201, "seen_poor", "blurred")]
    store.close()


def test_the_track_is_thinned_to_5_hz_and_goes_on_after_a_clock_restart(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.db")
    for i in range(100):
        store.add_track(vehicle(i * 0.05))
    assert len(store.track()) == 25
    store.add_track(msgspec.structs.replace(vehicle(0.0), pose=None))
    assert len(store.track()) == 26
    store.close()


def test_mission_frames_and_commands(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.db")
    for t in (1.0, 2.0, 3.0):
        store.set_mission(mission(t, index=1 if t < 3 else 2))
    status = store.mission()
    assert status is not None and status.task_index == 2
    for seq in (1, 2, 2):
        store.add_frame(frame_report(float(seq), seq, pose()))
    assert store.frame_counts() == (2, 2, 2)
    sent = StoredCommand("a" * 32, 1.0, "u", "Kim", "hold", "sent", "")
    store.set_command(sent)
    store.set_command(sent._replace(state="accepted"))
    assert [c.state for c in store.commands()] == ["accepted"]
    store.set_meta("k", "1")
    store.set_meta("k", "2")
    assert store.meta() == {"k": "2"}
    store.close()


@pytest.mark.parametrize("content", [b"not a database at all, but long enough to be read as one" * 20, None])
def test_other_files_are_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "s.db"
    if content is None:
        db = sqlite3.connect(path)
        db.execute("PRAGMA user_version=99")
        db.close()
    else:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=r"s\.db: .*expected a survey database"):
        Store(path)
