"""Address space layout cannot be made guessable."""

from kernel import syscall

HELD = "PermissionError"
CONTROL = "got"


def attack(bait):
    return str(syscall(135, 0x0040000))
