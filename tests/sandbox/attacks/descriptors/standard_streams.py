"""Standard input, output and error lead nowhere: neither to the worker's log nor to a terminal."""

import os

HELD = "nothing"


def attack(bait):
    for number in (1, 2):
        os.write(number, b"\x1b[2J written past the log\n" * 1000)
    return os.read(0, 100) or [number for number in (0, 1, 2) if os.isatty(number)]
