"""Of the kernel's fifty kinds of sockets three are there; the rest is where its holes were found."""

import socket

HELD = "nothing"
CONTROL = "got"


def attack(bait):
    made = []
    for family in range(64):
        for kind in (1, 2, 3, 5):
            try:
                socket.socket(family, kind).close()
            except OSError:
                continue
            made.append(family)
    return sorted(set(made) - {1, 2, 10})
