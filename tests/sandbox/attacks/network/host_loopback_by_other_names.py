"""No other spelling of the host's loopback leads there: 0.0.0.0, 127.1.2.3, mapped IPv6."""

import socket

HELD = "nothing"
CONTROL = "canary"


def attack(bait):
    got = []
    for address in ("0.0.0.0", "127.1.2.3", "localhost", "::ffff:127.0.0.1"):
        try:
            got.append(socket.create_connection((address, bait["port"]), timeout=3).recv(200))
        except OSError:
            pass
    return got
