"""No performance counters: they have leaked addresses and been a way in."""

import ctypes

from kernel import syscall

HELD = "PermissionError"


def attack(bait):
    attributes = ctypes.create_string_buffer((1).to_bytes(4, "little") + (128).to_bytes(4, "little"), 128)
    return str(syscall(298, attributes, 0, -1, -1, 0))
