"""Nor by exchanging it."""

from kernel import syscall

HELD = "PermissionError"


def attack(bait):
    return syscall(155, b".", b".") == 0
