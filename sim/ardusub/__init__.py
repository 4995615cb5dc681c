"""The real ArduSub firmware (SITL) as the autopilot of `sim.world.World`, over its JSON physics link, in lockstep.

Theory of operation: `cell` starts the firmware in a network namespace of its own (SITL listens on every address) and hands out
sockets that live there; `process` owns that child. `json_link` is the physics protocol, a pure codec. `side` speaks MAVLink to
the firmware's third port: what the simulator tells SITL (compass error, battery, leak) and hears of it (armed, mode). `firmware`
is the autopilot that the world sees: before each 2.5 ms step it sends the vehicle's state and waits for the PWM that answers it,
so firmware time is simulated time and stands still when the world does.
"""
