"""The survey's database. Every write is idempotent, so a replay or a restart changes nothing it should not.

SQLite in WAL mode. Findings are committed at once, the rest in batches of at most 0.5 s; what a power cut
takes from a batch is still in the recorder's log aboard and numbered streams ask for it again.
"""

import sqlite3
from collections.abc import Collection
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from station.schema import SCHEMA, SCHEMA_VERSION
from wire import messages as m

COMMIT_S = 0.5
TRACK_PERIOD_S = 0.2
Stream = Literal["finding", "coverage"]


class StoredAlert(NamedTuple):
    t: float
    utc: str
    source: str
    code: str
    severity: str
    text: str
    active: bool


class StoredCommand(NamedTuple):
    id: str
    t: float
    utc: str
    operator: str
    verb: str
    state: str
    reason: str


class Store:
    """One survey. Reopening the same ``path`` continues it.

    Raises:
        ValueError: the file is no survey database or has another schema version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._db = sqlite3.connect(path, isolation_level=None)
        try:
            self._open()
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise ValueError(f"{path}: {error}; expected a survey database") from error
        self._dirty = False
        self._next_commit = 0.0
        self._next_track = float("-inf")
        self._last_mission: m.MissionStatus | None = None

    def _open(self) -> None:
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute("PRAGMA foreign_keys=ON")
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            self._db.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version={SCHEMA_VERSION}; COMMIT;")
        elif version != SCHEMA_VERSION:
            raise sqlite3.DatabaseError(f"schema version {version}, expected {SCHEMA_VERSION}")

    def _write(self, sql: str, row: tuple[object, ...]) -> int:
        if not self._dirty:
            self._db.execute("BEGIN")
            self._dirty = True
        return self._db.execute(sql, row).rowcount

    def commit(self) -> None:
        """Makes everything written so far durable."""
        if self._dirty:
            self._db.execute("COMMIT")
            self._dirty = False

    def tick(self, now: float) -> None:
        """Commits a batch that has waited for ``COMMIT_S``."""
        if now >= self._next_commit:
            self.commit()
            self._next_commit = now + COMMIT_S

    def close(self) -> None:
        """Commits and folds the write-ahead log into the file."""
        self.commit()
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._db.close()

    def set_meta(self, key: str, value: str) -> None:
        self._write("INSERT INTO meta VALUES (?, ?) ON CONFLICT(key) DO UPDATE SET value=excluded.value", (key, value))

    def meta(self) -> dict[str, str]:
        return dict(self._db.execute("SELECT key, value FROM meta ORDER BY key").fetchall())

    def add_finding(self, finding: m.Finding) -> bool:
        """Keeps one revision; False when its ``seq`` is already here. A different account under a known ``seq`` goes to
        the table ``finding_conflict``: it is evidence and must not vanish."""
        row = (finding.seq, finding.number, finding.revision, finding.utc, _bare(finding))
        known = self._db.execute("SELECT number, revision, utc, body FROM finding WHERE seq=?", (finding.seq,)).fetchone()
        if known is not None:
            if tuple(known) != row[1:]:
                self._write("INSERT OR IGNORE INTO finding_conflict VALUES (?, ?)", (finding.seq, m.encode(finding)))
                self.commit()
            return False
        name = crop_name(finding)
        self._write("INSERT OR IGNORE INTO crop VALUES (?, ?)", (name, finding.crop_jpeg))
        self._write("INSERT INTO finding VALUES (?, ?, ?, ?, ?, ?)", (*row, name))
        self.commit()
        return True

    def conflicts(self) -> int:
        """How many findings came with a number that another finding already had."""
        return int(self._db.execute("SELECT count(*) FROM finding_conflict").fetchone()[0])

    def findings(self) -> list[m.Finding]:
        """All revisions in order of ``seq``, without their crops."""
        rows = self._db.execute("SELECT body FROM finding ORDER BY seq").fetchall()
        return [msgspec.msgpack.decode(body, type=m.Finding) for (body,) in rows]

    def contacts(self) -> list[m.Finding]:
        """The latest revision of each number that stands on its own, in order of number, without their crops."""
        return [finding for finding in self._latest() if finding.same_as == 0]

    def merged(self) -> list[m.Finding]:
        """The last revision of each number that turned out to be another contact."""
        return [finding for finding in self._latest() if finding.same_as != 0]

    def _latest(self) -> list[m.Finding]:
        latest: dict[int, m.Finding] = {}
        for finding in self.findings():
            known = latest.get(finding.number)
            if known is None or finding.revision > known.revision:
                latest[finding.number] = finding
        return [latest[number] for number in sorted(latest)]

    def crop(self, name: str) -> bytes | None:
        row = self._db.execute("SELECT jpeg FROM crop WHERE name=?", (name,)).fetchone()
        return None if row is None else bytes(row[0])

    def add_coverage(self, coverage: m.Coverage) -> bool:
        """Applies one message; a cell keeps the state of the highest ``seq``. False when already here."""
        if self._write("INSERT OR IGNORE INTO coverage_message VALUES (?, ?)", (coverage.seq, coverage.t)) == 0:
            return False
        for cell in coverage.cells:
            self._write(
                "INSERT INTO cell VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT(side, col, row) DO UPDATE SET status=excluded.status, "
                "reason=excluded.reason, seq=excluded.seq WHERE excluded.seq > cell.seq",
                (cell.side, cell.col, cell.row, cell.status, cell.reason, coverage.seq),
            )
        return True

    def cells(self) -> list[m.CellState]:
        """All cells heard of, in order of side, column and row."""
        rows = self._db.execute("SELECT side, col, row, status, reason FROM cell ORDER BY side, col, row").fetchall()
        return [m.CellState(side=a, col=b, row=c, status=d, reason=e) for a, b, c, d, e in rows]

    def cells_among(self, keys: Collection[tuple[m.Side, int, int]]) -> list[m.CellState]:
        """What holds now for those cells that were heard of, in order of side, column and row."""
        out = []
        for key in sorted(keys):
            row = self._db.execute("SELECT status, reason FROM cell WHERE side=? AND col=? AND row=?", key).fetchone()
            if row is not None:
                out.append(m.CellState(side=key[0], col=key[1], row=key[2], status=row[0], reason=row[1]))
        return out

    def sequences(self, stream: Stream) -> set[int]:
        """Numbers of the messages of ``stream`` that are here."""
        table = "finding" if stream == "finding" else "coverage_message"
        return {seq for (seq,) in self._db.execute(f"SELECT seq FROM {table}")}

    def add_track(self, state: m.VehicleState) -> None:
        """Keeps at most 5 Hz."""
        early = self._next_track - state.t
        if 1e-3 < early <= TRACK_PERIOD_S:
            return
        self._next_track = (self._next_track if abs(early) <= 1e-3 else state.t) + TRACK_PERIOD_S
        p = state.pose
        place = (None,) * 6 if p is None else (p.side, p.x_m, p.s_m, p.standoff_m, p.yaw_off_rad, p.x_std_m)
        flight = (state.mode, state.control, state.ladder, state.reason, state.along_mps, state.battery_v)
        self._write(f"INSERT INTO track VALUES ({','.join('?' * 14)})", (state.t, state.depth_m, *place, *flight))

    def track(self) -> list[tuple[object, ...]]:
        """Rows of the table ``track``, oldest first."""
        return self._db.execute("SELECT * FROM track ORDER BY rowid").fetchall()

    def add_frame(self, r: m.FrameReport) -> None:
        quality = (r.usable, r.reason, r.relief_ok, r.range_m, r.incidence_rad, r.optical_depth, r.sharpness, r.px_per_cm)
        self._write(
            f"INSERT OR IGNORE INTO frame VALUES ({','.join('?' * 12)})", (r.frame_seq, r.t, r.side, *quality, len(r.detections))
        )

    def frame_counts(self) -> tuple[int, int, int]:
        """Frames heard of, usable ones, and those in which relief could be measured."""
        row = self._db.execute("SELECT count(*), coalesce(sum(usable), 0), coalesce(sum(relief_ok), 0) FROM frame").fetchone()
        return int(row[0]), int(row[1]), int(row[2])

    def add_alert(self, alert: m.Alert, utc: str) -> None:
        row = (alert.t, utc, alert.source, alert.code, alert.severity, alert.text, alert.active)
        self._write("INSERT INTO alert VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def alerts(self) -> list[StoredAlert]:
        rows = self._db.execute("SELECT * FROM alert ORDER BY rowid").fetchall()
        return [StoredAlert(t, utc, source, code, severity, text, bool(on)) for t, utc, source, code, severity, text, on in rows]

    def set_mission(self, status: m.MissionStatus) -> None:
        """Keeps a row whenever more than the time has changed."""
        if self._last_mission is None or msgspec.structs.replace(self._last_mission, t=status.t) != status:
            self._last_mission = status
            self._write("INSERT INTO mission_status VALUES (?, ?)", (status.t, m.encode(status)))

    def mission(self) -> m.MissionStatus | None:
        row = self._db.execute("SELECT body FROM mission_status ORDER BY rowid DESC LIMIT 1").fetchone()
        return None if row is None else msgspec.msgpack.decode(row[0], type=m.MissionStatus)

    def set_command(self, command: StoredCommand) -> None:
        self._write(
            "INSERT INTO command VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO UPDATE SET state=excluded.state, "
            "reason=excluded.reason",
            tuple(command),
        )

    def commands(self) -> list[StoredCommand]:
        return [StoredCommand(*row) for row in self._db.execute("SELECT * FROM command ORDER BY rowid").fetchall()]


def crop_name(finding: m.Finding) -> str:
    """The crop's file name: contact F001, revision 2 is ``F001-2``."""
    return f"F{finding.number:03d}-{finding.revision}"


def _bare(finding: m.Finding) -> bytes:
    return m.encode(msgspec.structs.replace(finding, crop_jpeg=b""))


def read_crop(path: Path, name: str) -> bytes | None:
    """A crop through a connection of its own, for readers in another thread."""
    db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        row = db.execute("SELECT jpeg FROM crop WHERE name=?", (name,)).fetchone()
    finally:
        db.close()
    return None if row is None else bytes(row[0])
