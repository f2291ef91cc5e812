"""Nothing outside can be reached by TCP."""

import socket

HELD = "OSError.*ENETUNREACH"


def attack(bait):
    return socket.create_connection(("192.0.2.1", 443), timeout=3)
