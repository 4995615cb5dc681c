"""The survey folder and the report: reproducible, sealed, self-contained, never overwritten."""

import json
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from station.canonical import canonical
from station.config import StationConfig
from station.evidence import create_survey_folder, hash_files, seal, verify, write_evidence
from station.report import render_report
from station.store import Store
from tests.station.fakes import CONFIG, SURFACE, VESSEL, coverage, finding, mission, vehicle
from wire import messages as m

HOSTILE = "<script>alert(1)</script>\"'&{{ 7*7 }}"


def fill(store: Store, text: str = "murky") -> Store:
    store.add_finding(finding(1))
    store.add_finding(finding(2, 2, x_m=23.9, evidence=text))
    store.add_finding(finding(3, 1, 2))
    store.add_coverage(coverage(1, (200, 62, ""), (201, 62, ""), (202, 62, text)))
    store.add_track(vehicle(1.0))
    store.set_mission(mission(2.0, ended="completed"))
    store.add_alert(
        m.Alert(t=3.0, source="rov", code="x", severity="warning", text=text, active=True), "2026-05-04T08:00:03.000Z"
    )
    return store


def build(folder: Path) -> Path:
    store = fill(Store(folder / "survey.db"))
    vessel_file = folder.parent / "some.vessel.yaml"
    vessel_file.write_text("name: x\n")
    write_evidence(folder, store, CONFIG, VESSEL, SURFACE, vessel_file=vessel_file)
    store.close()
    seal(folder)
    return folder


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    folder = tmp_path / "survey"
    folder.mkdir()
    return build(folder)


def test_a_folder_is_never_overwritten(tmp_path: Path) -> None:
    utc = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
    folders = [create_survey_folder(tmp_path / "out", "../MV <x>", utc) for _ in range(3)]
    assert [folder.name for folder in folders] == [f"20260504-080000-MV-x{end}" for end in ("", "-2", "-3")]
    assert {folder.parent for folder in folders} == {tmp_path / "out"}


def test_the_seal_passes_sha256sum_and_verify(sealed: Path) -> None:
    done = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=sealed, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert verify(sealed) == []
    names = [line.split("  ", 1)[1] for line in (sealed / "SHA256SUMS").read_text().splitlines()]
    assert names == sorted(names)
    present = {path.relative_to(sealed).as_posix() for path in sealed.rglob("*") if path.is_file()}
    assert set(names) == present - {"SHA256SUMS"}
    expected = {"findings.jsonl", "coverage.json", "track.csv", "report.html", "survey.db", "vessel.yaml"}
    assert expected | {"crops/F001-2.jpg", "crops/F002-1.jpg"} == set(names)


def test_verify_names_every_change(sealed: Path) -> None:
    (sealed / "track.csv").write_text("forged")
    (sealed / "coverage.json").unlink()
    (sealed / "crops" / "F003-1.jpg").write_bytes(b"x")
    (sealed / "vessel.yaml").unlink()
    (sealed / "vessel.yaml").symlink_to(sealed / "report.html")
    with (sealed / "SHA256SUMS").open("a") as file:
        file.write(f"{'0' * 64}  ../outside\nrubbish\n")
    assert verify(sealed) == [
        "SHA256SUMS: line 9 is damaged",
        "SHA256SUMS: line 10 is damaged",
        "coverage.json: missing",
        "track.csv: changed",
        "vessel.yaml: is a link; expected a plain file",
        "crops/F003-1.jpg: added after sealing",
    ]
    (sealed / "SHA256SUMS").unlink()
    assert len(verify(sealed)) == 1
    assert len(verify(sealed / "nowhere")) == 1


def test_a_link_is_not_sealed(sealed: Path) -> None:
    (sealed / "link").symlink_to("/etc/hostname")
    with pytest.raises(ValueError, match="expected plain files"):
        seal(sealed)


def test_the_same_survey_makes_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        build(tmp_path / name)
    for name in ("findings.jsonl", "coverage.json", "track.csv", "report.html"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_missions_own_coverage_document_is_kept_and_ours_is_brought_up_to_date(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.db")
    file = tmp_path / "coverage.json"
    write_evidence(tmp_path, store, CONFIG, VESSEL, SURFACE)
    fill(store)
    write_evidence(tmp_path, store, CONFIG, VESSEL, SURFACE)
    assert json.loads(file.read_text())["inspected_m2"] == pytest.approx(0.02)
    file.write_text('{"mine": 1}')
    write_evidence(tmp_path, store, CONFIG, VESSEL, SURFACE)
    assert file.read_text() == '{"mine": 1}'
    write_evidence(tmp_path, store, CONFIG, VESSEL, SURFACE, coverage={"b": 1.0, "a": 2})
    assert file.read_text() == '{"a": 2, "b": 1.000000}\n'
    store.close()


def test_findings_hold_the_latest_revision_of_each_contact(sealed: Path) -> None:
    records = [json.loads(line) for line in (sealed / "findings.jsonl").read_text().splitlines()]
    assert [(r["number"], r["revision"], r["crop"]) for r in records] == [(1, 2, "crops/F001-2.jpg"), (2, 1, "crops/F002-1.jpg")]
    assert all((sealed / r["crop"]).is_file() for r in records)


def test_canonical_json() -> None:
    text = canonical({"b": -0.0000001, "a": [1, 2.5, None, True, "ü\n"]})
    assert text == '{"a": [1, 2.500000, null, true, "ü\\n"], "b": 0.000000}'
    for wrong in (float("nan"), object()):
        with pytest.raises(ValueError, match="expected"):
            canonical(wrong)


def test_file_hashes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    assert hash_files(tmp_path / "a")[0].sha256.startswith("e3b0c44298fc1c14")


def test_the_report_escapes_hostile_text_and_refers_to_nothing_outside(tmp_path: Path) -> None:
    store = fill(Store(tmp_path / "s.db"), HOSTILE)
    vessel = VESSEL.model_copy(update={"name": HOSTILE})
    config = StationConfig(**{**vars(CONFIG), "mission": HOSTILE, "versions": {HOSTILE: HOSTILE}})
    html = render_report(store, config, vessel, SURFACE)
    store.close()
    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 7
    assert "49" not in re.findall(r"&#39;&amp;(.{0,10})", html)
    for attribute in re.findall(r"""\b(?:src|href|xlink:href|action|data|poster)\s*=\s*["']?([^"'\s>]+)""", html):
        assert attribute.startswith("data:image/jpeg;base64,")
    assert not re.search(r"https?://|@import|url\((?!#)", html)


def test_the_report_says_what_was_not_inspected(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.db")
    html = render_report(store, CONFIG, VESSEL, SURFACE)
    assert "No contacts in the 0 % inspected." in html
    assert "not reached by the camera" in html
    assert "no mission status was received" in html
    fill(store)
    html = render_report(store, CONFIG, VESSEL, SURFACE)
    store.close()
    assert "2 contacts in the less than 1 % inspected." in html
    assert "murky" in html and "revision 2 of 2 kept" in html
    assert "clear" not in html.lower()


def test_an_unmeasured_height_is_not_a_number(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.db")
    store.add_finding(msgspec.structs.replace(finding(1), height_m=None, crop_jpeg=b""))
    html = render_report(store, CONFIG, VESSEL, SURFACE)
    store.close()
    assert "not measured" in html and "no picture" in html
