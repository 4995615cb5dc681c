"""H.264 without compression: every macroblock is I_PCM (ITU-T H.264, 7.3.5), every picture a key frame.

It needs no library and loses nothing but colour resolution (4:2:0), at 1.5 bytes a pixel: 18 Mbit/s for 640x480 at 5 fps. For
machines without ffmpeg and for tests.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
BASELINE, LEVEL_4 = 66, 40
I_PCM, I_SLICE_ONLY = 25, 7


class BitWriter:
    """Bits, most significant first."""

    def __init__(self) -> None:
        self.bits = ""

    def u(self, value: int, width: int) -> "BitWriter":
        """Fixed width."""
        self.bits += format(value, f"0{width}b")
        return self

    def ue(self, value: int) -> "BitWriter":
        """Unsigned Exp-Golomb (9.1)."""
        code = format(value + 1, "b")
        self.bits += "0" * (len(code) - 1) + code
        return self

    def align(self) -> "BitWriter":
        self.bits += "0" * (-len(self.bits) % 8)
        return self

    def trailing(self) -> "BitWriter":
        """rbsp_trailing_bits (7.3.2.11)."""
        self.bits += "1"
        return self.align()

    def data(self) -> bytes:
        return int(self.bits, 2).to_bytes(len(self.bits) // 8, "big")


def sequence_parameter_set(width: int, height: int) -> bytes:
    """7.3.2.1.1, with cropping where a side is no multiple of 16. Sides must be even."""
    across, down = -(-width // 16), -(-height // 16)
    right, bottom = (16 * across - width) // 2, (16 * down - height) // 2
    bits = BitWriter().u(BASELINE, 8).u(0xC0, 8).u(LEVEL_4, 8)
    bits.ue(0).ue(0).ue(2).ue(0).u(0, 1)  # id, frame_num of 4 bits, order = decoding order, no references, no gaps
    bits.ue(across - 1).ue(down - 1).u(1, 1).u(1, 1)  # frames only, direct 8x8
    bits.u(1 if right or bottom else 0, 1)
    if right or bottom:
        bits.ue(0).ue(right).ue(0).ue(bottom)
    return b"\x67" + _escaped(bits.u(0, 1).trailing().data())


def picture_parameter_set() -> bytes:
    """7.3.2.2: CAVLC, one slice group, deblocking under the slices' control."""
    bits = BitWriter().ue(0).ue(0).u(0, 1).u(0, 1).ue(0).ue(0).ue(0).u(0, 1).u(0, 2)
    return b"\x68" + bits.ue(0).ue(0).ue(0).u(1, 1).u(0, 1).u(0, 1).trailing().data()


def idr_slice(image: Image, number: int) -> bytes:
    """The whole picture in one slice (7.3.3). Consecutive pictures need different ``number``."""
    header = BitWriter().ue(0).ue(I_SLICE_ONLY).ue(0).u(0, 4).ue(number % 2).u(0, 1).u(0, 1).ue(0).ue(1)
    first = header.ue(I_PCM).align().data()
    later = BitWriter().ue(I_PCM).align().data()
    blocks = macroblocks(image)
    heads = np.broadcast_to(np.frombuffer(later, np.uint8), (len(blocks), len(later)))
    body = np.concatenate([heads, blocks], axis=1).tobytes()[len(later) :]
    return b"\x65" + _escaped(first) + body + b"\x80"


def macroblocks(image: Image) -> Image:
    """(n, 384): 256 luma and twice 64 chroma samples each. Limited range (16 to 240), so no start code can arise in them."""
    height, width = image.shape[:2]
    padded = cv2.copyMakeBorder(image, 0, -height % 16, 0, -width % 16, cv2.BORDER_REPLICATE)
    rows, columns = padded.shape[0], padded.shape[1]
    planes = np.asarray(cv2.cvtColor(padded, cv2.COLOR_BGR2YUV_I420), np.uint8)
    luma = planes[:rows].reshape(rows // 16, 16, columns // 16, 16).swapaxes(1, 2).reshape(-1, 256)
    chroma = planes[rows:].reshape(2, rows // 16, 8, columns // 16, 8).swapaxes(2, 3).reshape(2, -1, 64)
    blocks: Image = np.maximum(np.concatenate([luma, chroma[0], chroma[1]], axis=1), np.uint8(1))
    return blocks


def _escaped(rbsp: bytes) -> bytes:
    """Emulation prevention (7.4.1.1)."""
    out, zeros = bytearray(), 0
    for byte in rbsp:
        if zeros >= 2 and byte <= 3:
            out.append(3)
            zeros = 0
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(out)


class PlainEncoder:
    """See the module."""

    name = "plain (uncompressed H.264; put ffmpeg on PATH for a real camera's picture)"

    def __init__(self, width: int, height: int) -> None:
        if width % 2 or height % 2:
            raise ValueError(f"video: {width} x {height}; expected even sides")
        self.parameter_sets: tuple[bytes, ...] = (sequence_parameter_set(width, height), picture_parameter_set())
        self._number = 0

    def encode(self, image: Image) -> list[tuple[bytes, ...]]:
        self._number += 1
        return [(*self.parameter_sets, idr_slice(image, self._number))]

    def close(self) -> None:
        """Nothing to close."""
