"""Confirmed contacts become numbered findings; a better account of one becomes its next revision."""

from dataclasses import dataclass

import cv2
import msgspec
import numpy as np

from vision.config import VisionConfig
from vision.optics import Image
from vision.tracks import Track
from wire import messages as m

_CROP_MAX_PX = 480
_SETTLE_S = 1.0


@dataclass
class _Account:
    """What was last published about a contact, and its best picture so far."""

    number: int = 0
    revision: int = 0
    last: m.Finding | None = None
    crop: bytes = b""
    crop_rank: tuple[int, float] = (-1, 0.0)
    crop_new: bool = False
    weighed: int = -1
    """`Track.changes` when it was last compared with what was published."""


class Findings:
    """Numbers findings without gaps from the configured start; keeps the best crop of every contact."""

    def __init__(self, config: VisionConfig) -> None:
        self._config = config
        self._seq = config.next_seq - 1
        self._number = config.next_number - 1
        self._accounts: dict[int, _Account] = {}
        self._retired: list[tuple[_Account, int]] = []

    def number_of(self, track: Track) -> int:
        """0 while unconfirmed."""
        account = self._accounts.get(track.name)
        return account.number if account else 0

    def picture(self, track: Track, image: Image, box: tuple[int, int, int, int], cut: bool, score: float) -> None:
        """Offers a view of the contact in the source image; kept as the crop if it is the best so far."""
        account = self._accounts.setdefault(track.name, _Account())
        rank = (int(not cut), round(score, 2))
        if rank > account.crop_rank:
            account.crop, account.crop_rank, account.crop_new = crop_jpeg(image, box), rank, True
            account.weighed = -1

    def merge(self, merged: list[tuple[int, int]]) -> None:
        """``merged``: names of tracks that went up in others. A number once published stays that contact's; of two, the
        survivor's goes on and the other's last revision says where to."""
        for gone, into in merged:
            old = self._accounts.pop(gone, None)
            if old is None:
                continue
            new = self._accounts.setdefault(into, _Account())
            if new.number == 0:
                new.number, new.revision, new.last = old.number, old.revision, old.last
            elif old.number != 0:
                self._retired.append((old, new.number))
            if old.crop_rank > new.crop_rank:
                new.crop, new.crop_rank, new.crop_new, new.weighed = old.crop, old.crop_rank, True, -1

    def due(self, tracks: list[Track], now: float) -> list[m.Finding]:
        """Findings to publish now: new contacts at once, changes when they matter, at most once a second a contact."""
        out: list[m.Finding] = []
        for account, survivor in self._retired:
            assert account.last is not None
            self._seq += 1
            ended = msgspec.structs.replace(account.last, t=now, seq=self._seq, revision=account.revision + 1, same_as=survivor)
            out.append(ended)
        self._retired.clear()
        for track in tracks:
            if not track.confirmed:
                continue
            account = self._accounts.setdefault(track.name, _Account())
            last = account.last
            if last is not None and (now - last.t < _SETTLE_S or (last.hits == track.hits and not _moved(last, track))):
                continue
            if account.weighed == track.changes:
                continue
            account.weighed = track.changes
            finding = self._describe(track, account, now)
            if last is None or self._changed(account, finding):
                out.append(self._publish(account, finding))
        return out

    def forget(self, alive: list[Track]) -> None:
        """Drops pictures of tracks that are gone."""
        names = {track.name for track in alive}
        self._accounts = {name: account for name, account in self._accounts.items() if name in names}

    def _publish(self, account: _Account, finding: m.Finding) -> m.Finding:
        if account.number == 0:
            self._number += 1
            account.number = self._number
        self._seq += 1
        account.revision += 1
        account.crop_new = False
        account.last = _renumbered(finding, self._seq, account)
        return account.last

    @staticmethod
    def _changed(account: _Account, new: m.Finding) -> bool:
        old = account.last
        if old is None:
            return True
        moved = abs(new.x_m - old.x_m) > 0.05 or abs(new.s_m - old.s_m) > 0.05
        resized = any(abs(a - b) > 0.2 * b for a, b in zip(new.size_m, old.size_m, strict=True))
        surer = abs(new.confidence - old.confidence) > 0.1
        return moved or resized or surer or new.kind != old.kind or account.crop_new

    def _describe(self, track: Track, account: _Account, now: float) -> m.Finding:
        x, s = track.extent.centre
        depths = [sight.detection.depth_m + (sight.detection.s_m - s) for sight in track.sights]
        nearest = min(track.sights, key=lambda sight: abs(sight.detection.s_m - s) + abs(sight.detection.x_m - x))
        depth = nearest.detection.depth_m if abs(nearest.detection.s_m - s) < 0.05 else float(np.median(depths))
        return m.Finding(
            t=now,
            seq=self._seq + 1,
            number=account.number,
            revision=account.revision + 1,
            utc=self._config.utc(track.first_t).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            kind=track.kind(),
            confidence=round(track.confidence(), 3),
            side=track.side,
            x_m=x,
            s_m=s,
            depth_m=depth,
            frame=x / self._config.frame_spacing_m,
            position_std_m=track.position_std(),
            size_m=track.size(),
            height_m=track.height(),
            hits=track.hits,
            frames=track.frames,
            first_t=track.first_t,
            last_t=track.last_t,
            crop_jpeg=account.crop,
            evidence=evidence(track),
        )


def _moved(last: m.Finding, track: Track) -> bool:
    """A position fix has moved the track."""
    return abs(track.extent.centre[0] - last.x_m) > 0.05


def _renumbered(finding: m.Finding, seq: int, account: _Account) -> m.Finding:
    fields = {name: getattr(finding, name) for name in finding.__struct_fields__}
    return m.Finding(**fields | {"seq": seq, "number": account.number, "revision": account.revision})


def evidence(track: Track) -> str:
    """One line for a person: what was measured, over what, how often."""
    along, across = track.size()
    height = track.height()
    relief = f"relief {height * 100:.0f} cm" if height is not None else "no relief measured; looks unlike the hull around it"
    text = f"{relief} over {along:.2f}×{across:.2f} m in {track.hits} of {track.frames} frames"
    if any("appearance" in sight.cue for sight in track.sights) and height is not None:
        text += "; also looks unlike the hull around it"
    return text


def crop_jpeg(image: Image, box: tuple[int, int, int, int], context: float = 0.35) -> bytes:
    """JPEG of the box with surroundings, unretouched, at most 480 px long."""
    height, width = image.shape[:2]
    x0, y0, x1, y1 = box
    mx, my = max(20, round((x1 - x0) * context)), max(20, round((y1 - y0) * context))
    part = image[max(0, y0 - my) : min(height, y1 + my), max(0, x0 - mx) : min(width, x1 + mx)]
    if part.size == 0:
        return b""
    scale = min(1.0, _CROP_MAX_PX / max(part.shape[:2]))
    if scale < 1.0:
        part = np.asarray(cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    good, jpeg = cv2.imencode(".jpg", part, [cv2.IMWRITE_JPEG_QUALITY, 85])
    return jpeg.tobytes() if good else b""
