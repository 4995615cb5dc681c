"""Every bad vessel file ends in one line that names file, line, field, value and what was expected."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hull.document import DocumentError, Strict, fail, load_document, resolve_inside
from hull.shell import load_ship
from hull.vessel import Vessel, load_vessel

GOOD = """\
name: Test
imo: 9074729
type: coaster
length_m: 50.0
beam_m: 9.0
draught_m: 3.6
depth_m: 5.2
frame_spacing_m: 0.6
fittings:
  - {kind: anode, name: a1, side: S, frame: 31, depth_m: 1.6, size_m: [0.3, 0.12, 0.03]}
"""

BAD = [
    ("imo: 9074729", "imo: 9074728", r":2: imo: got 9074728, expected an IMO number whose last digit is 9"),
    ("imo: 9074729", "imo: 74729", r":2: imo: got 74729, expected greater than or equal to 1000000"),
    ("type: coaster", "type: submarine", r":3: type: got 'submarine', expected 'tanker', 'container', 'coaster' or 'patrol'"),
    (
        "length_m: 50.0",
        "length_cm: 5000",
        r":4: length_cm: got 'length_cm', expected a known key \(did you mean length_m\?\)|length_m",
    ),
    ("length_m: 50.0", "length_m: fifty", r":4: length_m: got 'fifty', expected a valid number"),
    ("length_m: 50.0", "length_m: .nan", r":4: length_m: got nan, expected a finite number"),
    ("length_m: 50.0", "length_m: .inf", r":4: length_m: got inf"),
    ("length_m: 50.0", "length_m: -50", r":4: length_m: got -50, expected greater than 0"),
    ("length_m: 50.0", "length_m: 8.0", r":5: beam_m: got 9\.0, expected less than length_m, 8\.0"),
    ("draught_m: 3.6", "draught_m: 6.0", r":6: draught_m: got 6\.0, expected less than depth_m, 5\.2"),
    ("frame_spacing_m: 0.6", "frame_spacing_m: 0", r":8: frame_spacing_m: got 0, expected greater than or equal to 0\.2"),
    ("frame_spacing_m: 0.6", "", r"frame_spacing_m: got 'nothing', expected this key to be given"),
    ("kind: anode", "kind: cannon", r":10: fittings\[0\]\.kind: got 'cannon'"),
    ("side: S", "side: starboard", r":10: fittings\[0\]\.side: got 'starboard', expected 'P' or 'S'"),
    ("frame: 31", "frame: 310", r":10: fittings\[0\]\.frame: got 310\.0, expected a frame on the ship, 0 to 83\.3"),
    ("depth_m: 1.6", "depth_m: 3.9", r":10: fittings\[0\]\.depth_m: got 3\.9, expected at most the draught, 3\.6 m"),
    ("[0.3, 0.12, 0.03]", "[0.3, 0.12]", r":10: fittings\[0\]\.size_m"),
    ("[0.3, 0.12, 0.03]", "0.3", r":10: fittings\[0\]\.size_m: got 0\.3"),
    ("name: Test", "name: Test\nname: Again", r":2: name: got 'the key a second time', expected each key once"),
    ("name: Test", "name: &x Test", r"expected plain YAML without & and \*"),
    ("name: Test", "name: !!python/object:os.system Test", r":1: name: got 'Test', expected a plain YAML value"),
    ("length_m: 50.0", 'length_m: "50.0"', r":4: length_m: got '50\.0', expected a valid number"),
    ("beam_m: 9.0", "beam_m: true", r":5: beam_m: got True, expected a valid number"),
    ("imo: 9074729", "imo: 9074729.0", r":2: imo: got 9074729"),
    ("length_m: 50.0", "length_m: 1:30", r":4: length_m: got '1:30', expected a decimal number"),
    ("length_m: 50.0", "length_m: 0100", r":4: length_m: got '0100', expected a decimal number"),
    ("name: Test", "name: 2024-01-01", r":1: name: got '2024-01-01', expected text"),
    ("name: Test", 'name: "\\ud800"', r":1: name: got .*, expected text without lone surrogates"),
    ("name: Test", "name: Test\nform: !!set {fullness: 2.0}", r":2: form: got 'tag:yaml\.org,2002:set', expected plain YAML"),
    (
        "name: Test",
        "name: Test\nform: {bilge_radius_m: 4.6}",
        r":2: form\.bilge_radius_m: got 4\.6, expected at most half",
    ),
    (
        "name: Test",
        "name: Test\nform: {parallel_from: 0.7, parallel_to: 0.3}",
        r":2: form\.parallel_from: got 0\.7",
    ),
    (
        "name: Test",
        "name: Test\nblock_coefficient: 0.96",
        r":2: block_coefficient: got 0\.96, expected less than or",
    ),
    ("frame: 31", "frame: 83.2", r":10: fittings\[0\]\.size_m\[0\]: got 0\.3, expected a length that stays on the ship"),
    (
        "  - {kind: anode",
        "  - {kind: anode, naem: x",
        r":10: fittings\[0\].naem: got 'naem', expected a known key",
    ),
    ("name: Test", "name: [", r"expected well-formed YAML"),
    ("name: Test", "name: ''", r":1: name: got '', expected"),
    (
        "name: Test",
        "name: Test\nmesh: {file: ../../etc/passwd}",
        r"mesh\.file: got '\.\./\.\./etc/passwd', expected a path inside",
    ),
    ("name: Test", "name: Test\nmesh: {file: /etc/passwd}", r"mesh\.file: got '/etc/passwd', expected a relative path"),
    ("name: Test", "name: Test\nmesh: {file: none.stl}", r"mesh\.file: got 'none\.stl', expected an existing file"),
]


def test_good_file_loads(tmp_path: Path) -> None:
    (tmp_path / "v.yaml").write_text(GOOD)
    vessel = load_vessel(tmp_path / "v.yaml")
    assert (vessel.name, vessel.length_m, vessel.fittings[0].size_m) == ("Test", 50.0, (0.3, 0.12, 0.03))
    assert vessel.x_to_frame(vessel.frame_to_x(31.0)) == pytest.approx(31.0)


@pytest.mark.parametrize(("old", "new", "pattern"), BAD)
def test_bad_vessel_files(old: str, new: str, pattern: str, tmp_path: Path) -> None:
    assert old in GOOD
    path = tmp_path / "v.yaml"
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(DocumentError) as caught:
        load_vessel(path)
    text = str(caught.value)
    assert text.startswith(str(path)) and "\n" not in text
    assert re.search(pattern, text), text


@pytest.mark.parametrize(
    ("content", "pattern"),
    [
        (b"\xff\xfe\x00", "expected UTF-8 text"),
        (b"- 1\n- 2\n", "got 'sequence', expected a mapping"),
        (b"", "expected a mapping"),
        (b"a: 1\n" * 300_000, "expected at most 1000000 bytes"),
        (b"a: " + b"[" * 5000, "expected well-formed YAML"),
        (b"a: \x00", "expected well-formed YAML"),
    ],
)
def test_what_is_no_document(content: bytes, pattern: str, tmp_path: Path) -> None:
    path = tmp_path / "v.yaml"
    path.write_bytes(content)
    with pytest.raises(DocumentError, match=pattern):
        load_vessel(path)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="expected a readable YAML file"):
        load_vessel(tmp_path / "none.yaml")
    with pytest.raises(DocumentError, match="expected a readable YAML file"):
        load_vessel(tmp_path)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "v.yaml")
    with pytest.raises(DocumentError, match="got 'a device', expected a readable YAML file"):
        load_vessel(tmp_path / "v.yaml")


def test_whole_numbers_do_for_floats_and_lists_for_tuples(tmp_path: Path) -> None:
    (tmp_path / "v.yaml").write_text(GOOD.replace("50.0", "50").replace("0.3, 0.12, 0.03", "1, 1, 0"))
    vessel = load_vessel(tmp_path / "v.yaml")
    assert (vessel.length_m, vessel.fittings[0].size_m) == (50.0, (1.0, 1.0, 0.0))


@given(number=st.integers(100_000, 999_999), wrong=st.integers(1, 9))
def test_imo_check_digit(number: int, wrong: int) -> None:
    digit = sum(int(c) * w for c, w in zip(str(number), (7, 6, 5, 4, 3, 2), strict=True)) % 10
    parts: dict[str, Any] = {"name": "n", "type": "tanker", "length_m": 99.0, "beam_m": 9.0, "draught_m": 3.0, "depth_m": 5.0}
    parts["frame_spacing_m"] = 0.6
    assert Vessel(**parts, imo=number * 10 + digit).imo == number * 10 + digit
    with pytest.raises(ValueError, match=f"last digit is {digit}"):
        Vessel(**parts, imo=number * 10 + (digit + wrong) % 10)


def test_links_out_of_the_root_are_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "secret").write_text("x")
    (tmp_path / "in" / "link").symlink_to(tmp_path / "secret")
    (tmp_path / "in" / "base.yaml").write_text("file: link\n")
    with pytest.raises(DocumentError, match="a path inside"):
        resolve_inside(tmp_path / "in" / "base.yaml", "link", tmp_path / "in", "file")


def test_fail_finds_the_line(tmp_path: Path) -> None:
    class Item(Strict):
        v: int

    class Doc(Strict):
        items: tuple[Item, ...]

    path = tmp_path / "d.yaml"
    path.write_text("items:\n  - v: 1\n  - v: 2\n")
    load_document(path, Doc)
    assert fail(path, "items[1].v", 2, "something else").line == 3


def test_impossible_block_coefficient_is_named(tmp_path: Path) -> None:
    path = tmp_path / "v.yaml"
    path.write_text(GOOD + "block_coefficient: 0.35\n")
    with pytest.raises(DocumentError, match=r"block_coefficient: got 0\.35"):
        load_ship(path)


def test_vessel_schema_has_every_field() -> None:
    assert set(Vessel.model_json_schema()["properties"]) == set(Vessel.model_fields)
