"""A server on the host's loopback is not on the jail's."""

import socket

HELD = "ConnectionRefusedError"
CONTROL = "canary"


def attack(bait):
    return socket.create_connection(("127.0.0.1", bait["port"]), timeout=3).recv(200)
