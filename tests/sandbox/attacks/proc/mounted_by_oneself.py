"""A /proc of one's own cannot be mounted."""

import os

from kernel import syscall

HELD = "PermissionError"


def attack(bait):
    os.mkdir("proc")
    syscall(165, b"proc", b"proc", b"proc", 0, 0)
    return os.listdir("proc")
