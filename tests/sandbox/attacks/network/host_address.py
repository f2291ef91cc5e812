"""The host cannot be reached by its address in the network."""

import socket

HELD = "OSError.*ENETUNREACH|nothing"


def attack(bait):
    if bait["address"] == "127.0.0.1":
        return None
    return socket.create_connection((bait["address"], bait["port"]), timeout=3).recv(200)
