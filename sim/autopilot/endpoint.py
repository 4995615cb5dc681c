"""One MAVLink client of the stand-in: a byte channel, a parser that survives anything, and its own stream rates."""

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from wire.channel import ByteChannel

SEEN_LIMIT = 64
CHUNK = 50


class Endpoint:
    """``interval_us`` by message id (0 or negative: not sent). ACKs and parameter reads go to the asker alone."""

    def __init__(self, channel: ByteChannel, intervals: dict[int, int], system: int = 1) -> None:
        self._channel = channel
        self._system = system
        self.restart(intervals)

    def restart(self, intervals: dict[int, int]) -> None:
        """As after power-up."""
        self._mav = mavlink.MAVLink(None, srcSystem=self._system, srcComponent=1)
        self._mav.robust_parsing = True
        self.interval_us = dict(intervals)
        self.next_us: dict[int, int] = dict.fromkeys(intervals, 0)
        self.param_cursor: int | None = None
        self._text_id = 0

    def receive(self) -> list["mavlink.MAVLink_message"]:
        """Whole messages that have arrived; damage is skipped."""
        data = self._channel.recv()
        if not data:
            return []
        messages = self._mav.parse_buffer(data) or []
        return [m for m in messages if m.get_type() != "BAD_DATA"]

    def send(self, message: "mavlink.MAVLink_message") -> None:
        self._channel.send(message.pack(self._mav))

    def send_text(self, severity: int, text: str) -> None:
        """In chunks of 50 characters; chunks of one text share an id, a single one has id 0."""
        chunks = [text[i : i + CHUNK] for i in range(0, len(text), CHUNK)] or [""]
        chunk_id = 0
        if len(chunks) > 1:
            self._text_id = self._text_id % 65535 + 1
            chunk_id = self._text_id
        for seq, chunk in enumerate(chunks):
            self.send(mavlink.MAVLink_statustext_message(severity, chunk.encode("ascii", "replace"), chunk_id, seq))

    def set_interval(self, message_id: int, interval_us: int, now_us: int) -> None:
        self.interval_us[message_id] = interval_us
        self.next_us[message_id] = now_us

    def due(self, now_us: int) -> list[int]:
        """Message ids whose time has come; a late one is not made up for."""
        out = []
        for message_id, interval in self.interval_us.items():
            if interval > 0 and now_us >= self.next_us[message_id]:
                following = self.next_us[message_id] + interval
                self.next_us[message_id] = following if following > now_us else now_us + interval
                out.append(message_id)
        return out
