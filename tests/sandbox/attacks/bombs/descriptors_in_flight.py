"""Descriptors sent and never received do not add up beyond the bound on open files."""

import socket

HELD = "OSError ETOOMANYREFS"


def attack(bait):
    held = []
    for _ in range(200):
        one, other = socket.socketpair()
        held += [one, other]
        one.setblocking(False)
        for _ in range(4):
            socket.send_fds(one, [b"x"], [one.fileno()] * 250)
    return len(held)
