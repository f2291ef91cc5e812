"""No vsock, which would pass every network namespace to the host of a virtual machine."""

import socket

HELD = "OSError.*EAFNOSUPPORT"


def attack(bait):
    with socket.socket(40, socket.SOCK_STREAM) as one:
        one.connect((2, 1024))
        return "connected"
