"""The recorder: logs every logged topic first, and replays numbered streams to whoever has a gap."""

import shutil
from pathlib import Path

from wire import messages as m
from wire.bus import Bus
from wire.command import CommandServer
from wire.record import LogWriter, read_log
from wire.topics import TOPICS

REPLAYED = ("finding", "coverage")
REPLAY_BATCH = 16


class Recorder:
    """Call `tick` at 20 Hz. A restarted recorder continues its log and its replay index.

    Args:
        path: log file, made if missing.
    """

    def __init__(self, path: Path, bus: Bus, commands: CommandServer) -> None:
        self._path = path
        self._index: dict[str, dict[int, bytes]] = {topic: {} for topic in REPLAYED}
        if path.exists():
            for record in read_log(path):
                self._remember(record.topic, record.payload)
        self._log = LogWriter(path)
        self._bus = bus
        self._commands = commands
        self._subscription = bus.subscribe(*(row.name for row in TOPICS.values() if row.logged))
        self._next_status = 0.0

    def _remember(self, topic: str, payload: bytes) -> None:
        if topic in self._index:
            message = m.decode(payload)
            if isinstance(message, m.Finding | m.Coverage):
                self._index[topic].setdefault(message.seq, payload)

    def tick(self, now: float) -> None:
        received = self._subscription.drain()
        for topic, message in received:
            payload = m.encode(message)
            self._log.append(now, topic, payload)
            self._remember(topic, payload)
        if received:
            self._log.flush()
        self._commands.serve(lambda command: self._handle(command, now))
        if now >= self._next_status:
            self._next_status = now + 1.0
            self._bus.publish("recorder_status", self._status(now))

    def _status(self, now: float) -> m.RecorderStatus:
        return m.RecorderStatus(
            t=now,
            finding_seq=max(self._index["finding"], default=0),
            coverage_seq=max(self._index["coverage"], default=0),
            log_bytes=self._log.bytes_written,
            disk_free_bytes=shutil.disk_usage(self._path.parent).free,
        )

    def _handle(self, command: m.Command, now: float) -> m.Ack:
        if command.verb == "ping":
            return m.Ack(t=now, id=command.id, source="recorder", accepted=True, reason="")
        if command.verb != "replay" or command.topic not in self._index:
            reason = f"{command.verb} {command.topic!r}: the recorder replays {' and '.join(REPLAYED)} only"
            return m.Ack(t=now, id=command.id, source="recorder", accepted=False, reason=reason)
        known = self._index[command.topic]
        # Walk the log's own numbers, so that an absurd range from the wire costs nothing.
        found = tuple(known[seq] for seq in sorted(known) if command.first <= seq <= command.last)[:REPLAY_BATCH]
        return m.Ack(t=now, id=command.id, source="recorder", accepted=True, reason="", messages=found)

    def close(self) -> None:
        self._log.close()
