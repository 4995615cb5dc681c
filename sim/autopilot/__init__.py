"""ArduSub stand-in: bytes in, bytes and motor PWM out. See FACTS.md of the recorded firmware."""
