"""Of the protocols of IP there are TCP and UDP: others are asked for in vain, and load no module."""

import socket

HELD = "nothing"
CONTROL = "got"


def attack(bait):
    made = []
    for family in (socket.AF_INET, socket.AF_INET6):
        for kind in (1, 2, 4, 5, 6):
            for protocol in (1, 33, 58, 103, 115, 132, 136, 143, 256, 262):
                try:
                    socket.socket(family, kind, protocol).close()
                except OSError as error:
                    if error.errno == 97:
                        continue
                made.append((family, kind, protocol))
    return made
