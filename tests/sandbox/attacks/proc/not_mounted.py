"""There is no /proc: no process's files, no kernel's settings."""

import os

HELD = "FileNotFoundError"
CONTROL = "got"


def attack(bait):
    return os.listdir("/proc")[:5]
