"""Four-cell lithium battery, 18 Ah: open-circuit voltage by charge, sag by current."""

CAPACITY_AH = 18.0
RESISTANCE_OHM = 0.03
IDLE_A = 1.2
SAG_FILTER = 0.2


class Battery:
    """``fraction`` of charge left; ``volts`` under load; ``amps`` drawn."""

    def __init__(self, fraction: float) -> None:
        self.fraction = fraction
        self.amps = IDLE_A
        self.consumed_mah = 0.0
        self.volts = self._open_circuit()

    def _open_circuit(self) -> float:
        return 13.2 + 2.6 * self.fraction + 0.8 * self.fraction**8

    def step(self, thruster_amps: float, dt: float) -> None:
        """Draws for ``dt`` seconds."""
        self.amps = thruster_amps + IDLE_A
        used_ah = self.amps * dt / 3600.0
        self.consumed_mah += 1000.0 * used_ah
        self.fraction = max(self.fraction - used_ah / CAPACITY_AH, 0.0)
        loaded = self._open_circuit() - RESISTANCE_OHM * self.amps
        self.volts += SAG_FILTER * (max(loaded, 0.0) - self.volts)
