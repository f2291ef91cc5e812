"""A process of the host cannot be signalled by its number."""

import os

HELD = "ProcessLookupError"
CONTROL = "got"


def attack(bait):
    os.kill(bait["process"], 0)
    return "found"
