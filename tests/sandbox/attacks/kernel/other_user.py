"""Nobody can be anybody else."""

import os

HELD = "nothing"
CONTROL = "got"


def attack(bait):
    got = []
    for become in (
        lambda: os.setgroups([0]),
        lambda: os.setresgid(0, 0, 0),
        lambda: os.setgid(1),
        lambda: os.setuid(0),
        lambda: os.setresuid(1, 1, 1),
        lambda: os.chown(".", 0, 0),
    ):
        try:
            become()
        except OSError:
            continue
        got.append((os.getresuid(), os.getresgid()))
    return got
