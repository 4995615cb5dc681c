"""The camera as vision uses it: images scaled to a working width, undistorted, and rays through pixels.

Camera axes: z along the optical axis, x right, y down. They map to body FRD by (x, y, z) -> (y, z, x).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from wire.rig import CameraRig

Image = NDArray[np.uint8]
Vec = NDArray[np.float64]
CAMERA_TO_BODY: Vec = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


class Optics:
    """Intrinsics at working scale. ``matrix`` is that of the undistorted image, which has the working size.

    Working images are at most ``max_width`` wide. Pixels of the undistorted working image are called *working pixels*.
    """

    def __init__(self, rig: CameraRig, max_width: int = 640) -> None:
        self.rig = rig
        self._reduced: dict[int, Optics] = {}
        self.scale = min(1.0, max_width / rig.width)
        self.width = round(rig.width * self.scale)
        self.height = round(rig.height * self.scale)
        offset = 0.5 * (self.scale - 1.0)
        self.matrix: Vec = np.array(
            [
                [rig.fx * self.scale, 0.0, rig.cx * self.scale + offset],
                [0.0, rig.fy * self.scale, rig.cy * self.scale + offset],
                [0.0, 0.0, 1.0],
            ]
        )
        self.distortion: Vec = np.array([rig.k1, rig.k2, 0.0, 0.0])
        self._maps = cv2.initUndistortRectifyMap(
            self.matrix, self.distortion, np.eye(3), self.matrix, (self.width, self.height), cv2.CV_16SC2
        )

    def reduced(self, times: int) -> "Optics":
        """The same camera at a smaller scale, made once; its pixel p shows what this one's times·p + (times − 1)/2 shows."""
        if times not in self._reduced:
            self._reduced[times] = Optics(self.rig, self.width // times)
        return self._reduced[times]

    @property
    def focal_px(self) -> float:
        """Mean focal length at working scale [px]."""
        return float(0.5 * (self.matrix[0, 0] + self.matrix[1, 1]))

    def fitted(self, image: Image) -> Image | None:
        """A colour image of the rig's shape at another size, brought to the rig's; None for any other shape (a crop or another
        aspect ratio would put every place wrongly)."""
        rig = self.rig
        if image.ndim != 3 or image.shape[2] != 3 or min(image.shape[:2]) < 2:
            return None
        height, width = image.shape[:2]
        if (height, width) == (rig.height, rig.width):
            return image
        # One pixel of the shorter side, as scalers round it.
        if abs(width * rig.height - height * rig.width) > max(width, rig.width):
            return None
        how = cv2.INTER_AREA if width > rig.width else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(image, (rig.width, rig.height), interpolation=how), np.uint8)

    def working(self, image: Image) -> Image:
        """The image at working scale, still distorted."""
        if self.scale == 1.0:
            return image
        return np.asarray(cv2.resize(image, (self.width, self.height), interpolation=cv2.INTER_AREA), np.uint8)

    def undistort(self, image: Image) -> Image:
        """A working image (grey or colour) without lens distortion."""
        return np.asarray(cv2.remap(image, self._maps[0], self._maps[1], cv2.INTER_LINEAR), np.uint8)

    def rays(self, pixels: Vec) -> Vec:
        """Body-frame directions (n, 3), depth along the optical axis 1, through working pixels (n, 2)."""
        k = self.matrix
        x = (pixels[:, 0] - k[0, 2]) / k[0, 0]
        y = (pixels[:, 1] - k[1, 2]) / k[1, 1]
        return np.stack([np.ones_like(x), x, y], axis=1)

    def project(self, points: Vec) -> Vec:
        """Working pixels (n, 2) of body-frame points (n, 3) given from the camera's centre, ahead of it."""
        k = self.matrix
        return np.stack(
            [k[0, 0] * points[:, 1] / points[:, 0] + k[0, 2], k[1, 1] * points[:, 2] / points[:, 0] + k[1, 2]], axis=1
        )

    def to_source(self, pixels: Vec) -> Vec:
        """Pixels (n, 2) of the source image (distorted, full size) at working pixels."""
        rays = self.rays(pixels)
        x, y = rays[:, 1], rays[:, 2]
        r2 = x * x + y * y
        factor = 1.0 + self.rig.k1 * r2 + self.rig.k2 * r2 * r2
        return np.stack([self.rig.fx * x * factor + self.rig.cx, self.rig.fy * y * factor + self.rig.cy], axis=1)
