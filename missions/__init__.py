"""What to look at, and in which order: mission files, survey planning, the executor and coverage accounting."""
