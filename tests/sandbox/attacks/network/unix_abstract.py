"""An abstract unix socket of the host, which has no file to hide, is not there."""

import socket

HELD = "ConnectionRefusedError"
CONTROL = "canary"


def attack(bait):
    with socket.socket(socket.AF_UNIX) as one:
        one.connect("\0" + bait["abstract"])
        return one.recv(200)
