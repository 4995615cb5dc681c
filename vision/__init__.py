"""Frames in, contacts out: quality, registration, relief, detection, placing on the hull, tracks, findings."""

import cv2

cv2.setNumThreads(1)
