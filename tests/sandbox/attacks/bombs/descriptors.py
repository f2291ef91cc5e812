"""Open files stop at the bound."""

import os

HELD = "OSError.*EMFILE"


def attack(bait):
    return [os.open("/dev/null", os.O_RDONLY) for _ in range(5000)]
