"""The root cannot be made writable."""

from kernel import syscall

HELD = "PermissionError"


def attack(bait):
    return syscall(165, b"none", b"/", 0, 32 | 4096, 0) == 0
