"""A device node cannot be made: the disk under the host would be readable through it."""

from kernel import syscall

HELD = "PermissionError"


def attack(bait):
    syscall(133, b"disk", 0o60666, 8 << 8)
    return open("disk", "rb").read(512)
