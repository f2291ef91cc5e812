"""The broker's unix socket cannot be reached by its path."""

import socket

HELD = "FileNotFoundError"
CONTROL = "canary"


def attack(bait):
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(bait["socket"])
        return one.recv(200)
