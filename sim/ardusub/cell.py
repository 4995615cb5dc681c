"""Becomes the firmware: ``python cell.py SOCKET_FD PARENT_PID TCP_COUNT BINARY ARGUMENTS…``. Only the standard library.

Makes a user and network namespace with nothing but loopback, sends the parent sockets that live in it (the physics socket, bound,
and TCP sockets yet to be connected: a socket belongs to the namespace it was made in), asks the kernel for SIGKILL when the
parent dies, and executes the binary. One line of text goes to the parent first: ``ok``, or what did not work.
"""

import ctypes
import fcntl
import os
import signal
import socket
import struct
import sys

CLONE_NEWUSER, CLONE_NEWNET, PR_SET_PDEATHSIG = 0x10000000, 0x40000000, 1
SIOCSIFFLAGS, IFF_UP_RUNNING = 0x8914, 0x41
PHYSICS_PORT = 9002


def enter_namespace() -> None:
    """Raises OSError when the kernel does not allow it."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", IFF_UP_RUNNING))


def die_with(parent: int) -> None:
    """SIGKILL for this process, and what it becomes, once the parent is gone."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)


def main(fd: int, parent: int, tcp_count: int, command: list[str]) -> None:
    """Does not return."""
    with socket.socket(fileno=fd) as link:
        try:
            enter_namespace()
            physics = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            physics.bind(("127.0.0.1", PHYSICS_PORT))
            streams = [socket.socket() for _ in range(tcp_count)]
        except OSError as error:
            link.send(f"no network namespace ({error})".encode())
            sys.exit(1)
        die_with(parent)
        if not os.access(command[0], os.X_OK):
            link.send(f"{command[0]} is not an executable file".encode())
            sys.exit(1)
        socket.send_fds(link, [b"ok"], [physics.fileno(), *(s.fileno() for s in streams)])
        physics.close()
        for stream in streams:
            stream.close()
    os.execv(command[0], command)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
