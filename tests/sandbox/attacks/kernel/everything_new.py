"""A call that the next kernel brings is refused before anybody has heard of it."""

import errno

from kernel import refusals

HELD = "nothing"


def attack(bait):
    spared = {435, 436, 437, 439, 441, 449, 434, 454, 455}
    return refusals(sorted(set(range(424, 520)) - spared), errno.EPERM)
