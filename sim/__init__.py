"""A world to fly in: hull scene, dynamics, sensors, camera picture, an ArduSub stand-in. Only tests and the CLI import it."""
