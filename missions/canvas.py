"""A drawing as plain shapes, written as SVG or PNG. Units: pixels, y down, colours as #rrggbb."""

from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

import numpy as np

Points = tuple[tuple[float, float], ...]
FINE = 2
"""PNGs are drawn so many times larger, then reduced."""


class Shape(NamedTuple):
    """A closed (filled) or open polyline; or, with ``text``, a text that starts at its only point. ``name``: class in the SVG."""

    points: Points
    colour: str
    name: str = ""
    fill: bool = False
    width: float = 1.0
    text: str = ""
    size: float = 12.0
    dashed: bool = False


class Canvas:
    """Shapes in the order in which they are drawn."""

    def __init__(self, width: float, height: float, title: str) -> None:
        self.width, self.height, self.title = width, height, title
        self.shapes: list[Shape] = []

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: str, name: str = "") -> None:
        self.shapes.append(Shape(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), colour, name, fill=True))

    def line(self, points: Points, colour: str, name: str = "", width: float = 1.0, dashed: bool = False) -> None:
        self.shapes.append(Shape(points, colour, name, width=width, dashed=dashed))

    def dot(self, x: float, y: float, radius: float, colour: str, name: str = "") -> None:
        turn = [2.0 * np.pi * k / 12 for k in range(12)]
        points = tuple((x + radius * float(np.cos(a)), y + radius * float(np.sin(a))) for a in turn)
        self.shapes.append(Shape(points, colour, name, fill=True))

    def text(self, x: float, y: float, text: str, colour: str = "#222222", size: float = 12.0) -> None:
        self.shapes.append(Shape(((x, y),), colour, text=text, size=size))

    def svg(self) -> str:
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width:.0f} {self.height:.0f}" font-family="sans-serif">'
        )
        body = [_svg(shape) for shape in self.shapes]
        paper = '<rect width="100%" height="100%" fill="#fff"/>'
        return "\n".join([head, f"<title>{escape(self.title)}</title>", paper, *body, "</svg>", ""])

    def write(self, path: Path) -> None:
        """As SVG or PNG, by the file's name.

        Raises:
            OSError: it could not be written.
            ValueError: another ending.
        """
        if path.suffix.lower() == ".svg":
            path.write_text(self.svg(), encoding="utf-8")
        elif path.suffix.lower() == ".png":
            path.write_bytes(self._png())
        else:
            raise ValueError(f"{path}: got a name that ends in {path.suffix or 'nothing'}, expected .svg or .png")

    def _png(self) -> bytes:
        import cv2

        size = round(self.height) * FINE, round(self.width) * FINE, 3
        image = np.full(size, 255, np.uint8)
        for shape in self.shapes:
            bgr = tuple(int(shape.colour[k : k + 2], 16) for k in (5, 3, 1))
            points = np.array(shape.points) * FINE
            if shape.text:
                x, y = (round(v) for v in points[0])
                cv2.putText(
                    image,
                    _plain(shape.text),
                    (x, y),
                    cv2.FONT_HERSHEY_SIMPLEX,
                    shape.size * FINE / 28.0,
                    bgr,
                    FINE // 2,
                    cv2.LINE_AA,
                )
            elif shape.fill:
                cv2.fillPoly(image, [np.rint(points).astype(np.int32)], bgr)
            else:
                cv2.polylines(
                    image, [np.rint(points).astype(np.int32)], False, bgr, max(1, round(shape.width * FINE)), cv2.LINE_AA
                )
        small = cv2.resize(image, (round(self.width), round(self.height)), interpolation=cv2.INTER_AREA)
        return bytes(cv2.imencode(".png", small)[1])


def _plain(text: str) -> str:
    """For a font that has only ASCII."""
    return text.replace("²", "2").replace("°", " deg").encode("ascii", "replace").decode()


def _svg(shape: Shape) -> str:
    mark = f" class={quoteattr(shape.name)}" if shape.name else ""
    if shape.text:
        (x, y) = shape.points[0]
        return f'<text x="{x:.1f}" y="{y:.1f}" fill="{shape.colour}" font-size="{shape.size:g}">{escape(shape.text)}</text>'
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in shape.points)
    if shape.fill:
        return f'<polygon{mark} points="{points}" fill="{shape.colour}"/>'
    dash = ' stroke-dasharray="4 3"' if shape.dashed else ""
    return f'<polyline{mark} points="{points}" fill="none" stroke="{shape.colour}" stroke-width="{shape.width:g}"{dash}/>'
