"""A daemon left spinning when the run ends spins no longer."""

import os

HELD = "nothing"


def attack(bait):
    for _ in range(3):
        if os.fork() == 0:
            os.setsid()
            while True:
                pass
