"""No user namespace of one's own: in it one would be root, with all of the kernel to try."""

from kernel import syscall

HELD = "PermissionError"
CONTROL = "got"


def attack(bait):
    return syscall(272, 0x10000000) == 0
