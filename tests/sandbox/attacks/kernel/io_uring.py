"""No io_uring, which does any call past the filter."""

import ctypes

from kernel import syscall

HELD = "PermissionError"
CONTROL = "got"


def attack(bait):
    return str(syscall(425, 8, ctypes.create_string_buffer(120)))
