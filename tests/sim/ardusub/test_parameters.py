import math

import pytest

from sim.ardusub.parameters import DECLINATION, FIELD_MGAUSS, anomaly, equivalent_depth, parameter_file, parameters


@pytest.mark.parametrize("error_deg", [0.0, 12.0, -47.0])
def test_the_anomaly_turns_the_earths_field_so_that_the_compass_is_wrong_by_the_error(error_deg: float) -> None:
    north, east = anomaly(math.radians(error_deg))
    n, e = FIELD_MGAUSS * math.cos(DECLINATION) + north, FIELD_MGAUSS * math.sin(DECLINATION) + east
    true_yaw = 0.7
    body_x, body_y = n * math.cos(true_yaw) + e * math.sin(true_yaw), -n * math.sin(true_yaw) + e * math.cos(true_yaw)
    assert math.degrees(math.atan2(-body_y, body_x) - true_yaw) == pytest.approx(error_deg)
    assert math.hypot(n, e) == pytest.approx(FIELD_MGAUSS)


def test_pressure_through_sitls_water_and_the_firmwares_scale_gives_back_the_depth() -> None:
    density, depth = 1012.0, 3.3
    pressure = 101_325.0 + density * 9.80665 * depth
    in_sitl = 101_325.0 + 1024.0 * 9.80665 * equivalent_depth(pressure)
    assert (in_sitl - 101_325.0) / 9800.0 / parameters(density)["BARO_SPEC_GRAV"] == pytest.approx(depth)


def test_the_file_has_one_parameter_a_line_and_no_gps_or_radio() -> None:
    rows = dict(line.split() for line in parameter_file(1025.0).splitlines())
    assert (
        rows["GPS1_TYPE"] == "0" and rows["RC_PROTOCOLS"] == "0" and rows["SIM_RC_FAIL"] == "1" and rows["SIM_RATE_HZ"] == "400"
    )
    assert all(len(name) <= 16 for name in rows)
