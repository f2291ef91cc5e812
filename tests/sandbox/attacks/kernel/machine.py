"""The machine cannot be stopped, renamed, accounted, given modules, swap or another time."""

import errno

from kernel import refusals

HELD = "nothing"


def attack(bait):
    calls = [
        167,
        168,
        169,
        163,
        170,
        171,
        172,
        173,
        175,
        176,
        313,
        246,
        320,
        164,
        227,
        305,
        159,
        179,
        154,
        134,
        136,
        139,
        153,
    ]
    return refusals(calls, errno.EPERM)
