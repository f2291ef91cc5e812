"""Closing the pipes deafens nobody but oneself."""

import os

ENDS = "failed"
SAYS = "Программа"


def attack(bait):
    os.closerange(0, 512)
    os._exit(3)
