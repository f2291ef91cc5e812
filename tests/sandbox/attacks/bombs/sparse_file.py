"""A file cannot be made to look larger than its bound."""

import os

HELD = "OSError.*EFBIG"


def attack(bait):
    with open("one", "wb") as one:
        os.ftruncate(one.fileno(), 1 << 40)
    return os.stat("one").st_size
