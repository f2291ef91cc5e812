"""No descriptor of another process can be taken."""

import os

from kernel import syscall

HELD = "nothing"


def attack(bait):
    got = []
    for number in (1, os.getppid()):
        try:
            got.append(syscall(438, syscall(434, number, 0), 0, 0))
        except OSError:
            continue
    try:
        got.append(syscall(438, 3, 0, 0))
    except OSError:
        pass
    return got
