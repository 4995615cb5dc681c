"""Numbers go on after a restart."""

from pathlib import Path

from tests.vision.test_tracks import CONFIG, sight
from vision.findings import Findings
from vision.main import where_to_go_on
from vision.tracks import Tracker
from wire import messages as m
from wire.record import LogWriter


def test_a_fresh_survey_starts_at_one(tmp_path: Path) -> None:
    assert where_to_go_on(tmp_path / "record.hslog") == (1, 1)


def test_numbers_go_on_where_the_log_ended(tmp_path: Path) -> None:
    tracker, findings = Tracker(CONFIG), Findings(CONFIG)
    log = LogWriter(tmp_path / "record.hslog")
    for i in range(4):
        tracker.update([sight(float(i)), sight(float(i), 21.5)], (), "S", True)
        for finding in findings.due(tracker.tracks, float(i)):
            log.append(float(i), "finding", m.encode(finding))
    log.append(4.0, "alert", m.encode(m.Alert(t=4.0, source="rov", code="x", severity="info", text="", active=True)))
    log.close()
    assert where_to_go_on(tmp_path / "record.hslog") == (3, 3)
