"""How busy the machine is, how many processes it has and how long it is up are other people's."""

import ctypes

from kernel import syscall

HELD = "PermissionError EPERM"
CONTROL = "got"


def attack(bait):
    told = ctypes.create_string_buffer(256)
    syscall(99, told)
    return told.raw[:40].hex()
