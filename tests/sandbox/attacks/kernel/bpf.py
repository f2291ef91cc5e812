"""No programs for the kernel."""

import ctypes

from kernel import syscall

HELD = "PermissionError"
CONTROL = "got"


def attack(bait):
    return str(syscall(321, 0, (ctypes.c_uint32 * 18)(1, 4, 4, 1), 72))
