"""The kernel's log is not read."""

import ctypes

from kernel import syscall

HELD = "PermissionError"


def attack(bait):
    syscall(103, 3, ctypes.create_string_buffer(4096), 4096)
    return "read"
