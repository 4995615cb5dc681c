"""A firmware that speaks the JSON physics protocol and says heartbeats; it flies nothing. BEHAVIOUR is replaced by the tests.

``good``; ``crash``, ``stall``: after 2 s of simulated time; ``silent``: no servo packet at all; ``repeat``: each packet twice.
"""

import json
import os
import signal
import socket
import struct
import sys
import time

from pymavlink.dialects.v20 import ardupilotmega as mavlink

BEHAVIOUR = "good"


def serve(port: int) -> socket.socket:
    server = socket.create_server(("0.0.0.0", port))
    return server


def main() -> None:
    first = serve(5760)
    clients = [first.accept()[0]]
    others = [serve(5762), serve(5763)]
    for server in others:
        server.setblocking(False)
    print("fake firmware is up", flush=True)
    physics = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    physics.settimeout(1.0)
    mav = mavlink.MAVLink(None, 1, 1)
    frame, beat, states = 0, 0, []
    while True:
        if BEHAVIOUR == "silent":
            time.sleep(1.0)
            continue
        pwm = [1600, 1400, 1500, 1500, 1500, 1500] + [1000] * 10
        packet = struct.pack("<HHI16H", 18458, 400, frame, *pwm)
        for _ in range(2 if BEHAVIOUR == "repeat" else 1):
            physics.sendto(packet, ("127.0.0.1", 9002))
        try:
            state = json.loads(physics.recv(4096))
        except TimeoutError:
            continue
        frame += 1
        if frame % 400 == 0:
            states.append(state)
            with open("states.json", "w") as file:
                json.dump(states, file)
        t = state["timestamp"]
        if t > 11.0 and BEHAVIOUR == "crash":
            print("Floating point exception - aborting", flush=True)
            os.kill(os.getpid(), signal.SIGABRT)
        while t > 11.0 and BEHAVIOUR == "stall":
            time.sleep(1.0)
        for server in others:
            try:
                clients.append(server.accept()[0])
            except BlockingIOError:
                continue
        if t >= beat:
            beat += 1
            data = mavlink.MAVLink_heartbeat_message(12, 3, 81 | (128 if t > 12.0 else 0), 2, 3, 3).pack(mav)
            for client in clients:
                client.send(data)


if __name__ == "__main__":
    sys.exit(main())
