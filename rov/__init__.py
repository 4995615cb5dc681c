"""Sole owner of the thrusters: MAVLink link, hull-relative navigator, controller, default-deny gate, abort ladder."""
