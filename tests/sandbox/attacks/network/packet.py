"""No packet socket."""

import socket

HELD = "OSError.*EAFNOSUPPORT"
CONTROL = "got"


def attack(bait):
    return socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
