"""No raw socket: packets cannot be forged or listened to."""

import socket

HELD = "OSError EAFNOSUPPORT"
CONTROL = "got"


def attack(bait):
    return socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
