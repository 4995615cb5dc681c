"""One frame's picture in the sizes and colours that the stages of vision ask for, each made once and only when asked for."""

from functools import cached_property

import cv2
import numpy as np

from vision.optics import Image, Optics


class Picture:
    """``optics``: at working scale. ``working``: the frame's image at that scale, as the lens shows it (BGR).

    What is called straight is without lens distortion.
    """

    def __init__(self, optics: Optics, working: Image) -> None:
        self._optics = optics
        self.working = working

    @cached_property
    def grey(self) -> Image:
        return np.asarray(cv2.cvtColor(self.working, cv2.COLOR_BGR2GRAY), np.uint8)

    @cached_property
    def half_grey(self) -> Image:
        return self._small(self.grey, 2)

    @cached_property
    def quarter(self) -> Image:
        """In colour. Twice by two: four at once takes OpenCV four times as long."""
        return self._small(self._small(self.working, 2), 4)

    @cached_property
    def straight_grey(self) -> Image:
        return self._optics.undistort(self.grey)

    @cached_property
    def straight_half_grey(self) -> Image:
        return self._optics.reduced(2).undistort(self.half_grey)

    @cached_property
    def straight_quarter(self) -> Image:
        """In colour."""
        return self._optics.reduced(4).undistort(self.quarter)

    @cached_property
    def straight(self) -> Image:
        """In colour, at working scale."""
        return self._optics.undistort(self.working)

    def _small(self, image: Image, times: int) -> Image:
        optics = self._optics.reduced(times)
        return np.asarray(cv2.resize(image, (optics.width, optics.height), interpolation=cv2.INTER_AREA), np.uint8)
