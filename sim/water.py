"""Beam attenuation per colour of Jerlov water types.

Values: c = a + b [1/m] at about 600, 530 and 450 nm (what a Bayer camera's R, G, B see), rounded from the total attenuation
that Solonenko & Mobley (2015), "Inherent optical properties of Jerlov water types", Applied Optics 54(17), 5392-5401,
derived for the oceanic types I-III and coastal types 1C-9C. They are starting points for a scenario, good to about 20 %;
a scenario that must match a measured port gives ``c_rgb`` itself.
"""

JERLOV_C_RGB: dict[str, tuple[float, float, float]] = {
    "I": (0.24, 0.055, 0.035),
    "IA": (0.25, 0.065, 0.045),
    "IB": (0.26, 0.080, 0.065),
    "II": (0.31, 0.15, 0.15),
    "III": (0.43, 0.29, 0.32),
    "1C": (0.47, 0.34, 0.42),
    "3C": (0.70, 0.59, 0.79),
    "5C": (1.05, 0.98, 1.35),
    "7C": (1.65, 1.65, 2.30),
    "9C": (2.50, 2.70, 3.90),
}
