"""No other root."""

import os

HELD = "PermissionError"
CONTROL = "got"


def attack(bait):
    os.chroot(".")
    return os.listdir("/") or "an empty root"
