"""Empty files and folders stop at the bound: they would eat the kernel's memory."""

import os

HELD = "OSError.*ENOSPC"


def attack(bait):
    for number in range(5000):
        os.mkdir(str(number))
    return "5,000 folders"
