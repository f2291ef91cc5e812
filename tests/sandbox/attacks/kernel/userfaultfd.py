"""No page faults handled by hand: they stop the kernel in the middle of its work."""

from kernel import syscall

HELD = "PermissionError"
CONTROL = "got"


def attack(bait):
    return str(syscall(323, 1))
