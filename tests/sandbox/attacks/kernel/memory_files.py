"""No files in memory outside the tmpfs's bound, and no programs run from them."""

from kernel import syscall

HELD = "OSError.*ENOSYS"
CONTROL = "got"


def attack(bait):
    return str(syscall(319, b"mine", 0))
