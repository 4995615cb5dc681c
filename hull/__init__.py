"""The ship: particulars, hull form, unrolled surface, zones, landmarks, coverage cells."""
