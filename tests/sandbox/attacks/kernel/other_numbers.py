"""The filter is not passed by the calls of another architecture: x32."""

from kernel import syscall

HELD = "OSError|PermissionError"


def attack(bait):
    return syscall(0x40000000 + 39)
