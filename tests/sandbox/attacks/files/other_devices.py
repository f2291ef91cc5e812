"""No device of the host beyond null, zero, random and urandom is there to open."""

import os

HELD = "nothing"
CONTROL = "got"


def attack(bait):
    return sorted(set(os.listdir("/dev")) - {"null", "zero", "random", "urandom", "shm"})
