"""There is no /sys: no devices, no control groups."""

import os

HELD = "FileNotFoundError"
CONTROL = "got"


def attack(bait):
    return os.listdir("/sys")
