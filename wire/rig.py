"""The vehicle's rig: what rov, vision, missions and sim must agree on about where its instruments sit."""

import math

import msgspec


class CameraRig(msgspec.Struct, frozen=True, kw_only=True):
    """Pinhole with Brown radial distortion (k1, k2), valid in water. Optical axis = body +x (forward), image x = body +y
    (right), image y = body +z (down). ``mount_m``: position in body FRD [m]. ``latency_s``: subtract from arrival
    time where a source cannot stamp its frames."""

    width: int = 640
    height: int = 480
    fx: float = 457.0
    fy: float = 457.0
    cx: float = 319.5
    cy: float = 239.5
    k1: float = -0.08
    k2: float = 0.01
    mount_m: tuple[float, float, float] = (0.20, 0.0, 0.0)
    latency_s: float = 0.15

    @property
    def hfov_rad(self) -> float:
        """Horizontal field of view without distortion [rad]."""
        return 2.0 * math.atan(self.width / 2.0 / self.fx)

    @property
    def vfov_rad(self) -> float:
        """Vertical field of view without distortion [rad]."""
        return 2.0 * math.atan(self.height / 2.0 / self.fy)


class Rig(msgspec.Struct, frozen=True, kw_only=True):
    """``reference``: body origin, the point that `HullPose.standoff_m` is measured from. DVL and forward sonar look
    along body +x: the DVL's own z axis is body +x, its y is body +y, its x is body -z (mounted facing the hull).
    ``radius_m``: keep-out sphere about the origin used for clearance. ``tilt_rad``: how far the camera can be turned up from
    level, by a tilt mount or by a vehicle that can pitch (a BlueROV2 with six thrusters cannot). ``camera_up``: a camera that
    looks along body -z (up), its image y = body +x, if one is fitted."""

    name: str = "bluerov2-hull"
    camera: CameraRig = CameraRig()
    dvl_mount_m: tuple[float, float, float] = (0.22, 0.0, 0.10)
    dvl_beam_angle_rad: float = math.radians(22.5)
    sonar_forward_mount_m: tuple[float, float, float] = (0.24, 0.0, -0.05)
    sonar_up_mount_m: tuple[float, float, float] = (0.0, 0.0, -0.15)
    lamp_mounts_m: tuple[tuple[float, float, float], ...] = ((0.20, -0.20, -0.05), (0.20, 0.20, -0.05))
    radius_m: float = 0.30
    tilt_rad: float = 0.0
    camera_up: CameraRig | None = None


BLUEROV2 = Rig()
