"""What the vehicle measures, with noise from counter-based generators (`sim.randoms`)."""
