"""Tables of survey.db. ``body`` columns hold MessagePack (wire.messages) without pictures; times ``t`` are [s] of the
hullscan clock, ``utc`` is ISO 8601. A change here raises the version: an old database is refused, never half-read."""

SCHEMA_VERSION = 1

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE crop (name TEXT PRIMARY KEY, jpeg BLOB NOT NULL);
CREATE TABLE finding (
    seq INTEGER PRIMARY KEY, number INTEGER NOT NULL, revision INTEGER NOT NULL, utc TEXT NOT NULL, body BLOB NOT NULL,
    crop TEXT NOT NULL REFERENCES crop(name)
);
CREATE TABLE finding_conflict (seq INTEGER NOT NULL REFERENCES finding(seq), body BLOB NOT NULL, PRIMARY KEY (seq, body));
CREATE TABLE coverage_message (seq INTEGER PRIMARY KEY, t REAL NOT NULL);
CREATE TABLE cell (
    side TEXT NOT NULL CHECK (side IN ('P', 'S')), col INTEGER NOT NULL, row INTEGER NOT NULL, status TEXT NOT NULL,
    reason TEXT NOT NULL, seq INTEGER NOT NULL REFERENCES coverage_message(seq), PRIMARY KEY (side, col, row)
) WITHOUT ROWID;
CREATE TABLE track (
    t REAL NOT NULL, depth_m REAL NOT NULL, side TEXT, x_m REAL, s_m REAL, standoff_m REAL, yaw_off_rad REAL, x_std_m REAL,
    mode TEXT NOT NULL, control TEXT NOT NULL, ladder TEXT NOT NULL, reason TEXT NOT NULL, along_mps REAL NOT NULL,
    battery_v REAL NOT NULL
);
CREATE TABLE frame (
    frame_seq INTEGER NOT NULL, t REAL NOT NULL, side TEXT, usable INTEGER NOT NULL, reason TEXT NOT NULL,
    relief_ok INTEGER NOT NULL, range_m REAL NOT NULL, incidence_rad REAL NOT NULL, optical_depth REAL NOT NULL,
    sharpness REAL NOT NULL, px_per_cm REAL NOT NULL, detections INTEGER NOT NULL,
    PRIMARY KEY (frame_seq, t)
);
CREATE TABLE alert (
    t REAL NOT NULL, utc TEXT NOT NULL, source TEXT NOT NULL, code TEXT NOT NULL, severity TEXT NOT NULL, text TEXT NOT NULL,
    active INTEGER NOT NULL
);
CREATE TABLE mission_status (t REAL NOT NULL, body BLOB NOT NULL);
CREATE TABLE command (
    id TEXT PRIMARY KEY, t REAL NOT NULL, utc TEXT NOT NULL, operator TEXT NOT NULL, verb TEXT NOT NULL, state TEXT NOT NULL,
    reason TEXT NOT NULL
);
"""
