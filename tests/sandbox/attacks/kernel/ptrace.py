"""No process can be traced: not process 1, not a child, not oneself by a child."""

import os

from kernel import syscall

HELD = "nothing"
CONTROL = "got"


def attack(bait):
    got = []
    child = os.fork()
    if child == 0:
        os.read(os.pipe()[0], 1)
    for number in (child, os.getppid()):
        try:
            got.append(syscall(101, 0x4206, number, 0, 0) == 0)
        except OSError:
            pass
    os.kill(child, 9)
    return got
