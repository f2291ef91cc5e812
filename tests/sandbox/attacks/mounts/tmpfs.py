"""Nothing can be mounted."""

from kernel import syscall

HELD = "PermissionError"


def attack(bait):
    return syscall(165, b"none", b"/tmp", b"tmpfs", 0, 0) == 0
