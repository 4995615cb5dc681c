"""The picture for the operator's page: the source image with a box and a word at each detection."""

import cv2
import numpy as np

from vision.optics import Image
from wire import messages as m

_MAX_WIDTH = 640


def preview(t: float, image: Image, detections: tuple[m.Detection, ...], numbers: tuple[int, ...], note: str) -> m.Preview:
    """``numbers``: finding number of each detection, 0 for none. ``note``: bottom line, "" for none."""
    scale = min(1.0, _MAX_WIDTH / image.shape[1])
    view = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1.0 else image.copy()
    for detection, number in zip(detections, numbers, strict=True):
        x0, y0, x1, y1 = (round(v * scale) for v in detection.bbox)
        colour = (0, 0, 255) if number else (0, 220, 255)
        cv2.rectangle(view, (x0, y0), (x1, y1), colour, 2)
        word = f"F{number:03d} {detection.kind}" if number else f"{detection.kind} {detection.score:.2f}"
        cv2.putText(view, word, (max(0, x0), max(12, y0 - 5)), cv2.FONT_HERSHEY_SIMPLEX, 0.45, colour, 1, cv2.LINE_AA)
    if note:
        place = (8, view.shape[0] - 10)
        cv2.putText(view, note, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 220, 255), 1, cv2.LINE_AA)
    _, jpeg = cv2.imencode(".jpg", np.asarray(view, np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 70])
    return m.Preview(t=t, jpeg=jpeg.tobytes(), width=view.shape[1], height=view.shape[0])
