"""The namespaces of another process cannot be entered."""

import os

from kernel import syscall

HELD = "PermissionError"


def attack(bait):
    return syscall(308, os.open("/", os.O_RDONLY), 0) == 0
