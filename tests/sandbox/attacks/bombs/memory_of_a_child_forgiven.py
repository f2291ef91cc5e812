"""A run that goes on as if its child had not been killed for memory is still told that it was."""

import os

ENDS = "out_of_memory"
SAYS = "превышен лимит памяти: 128 МиБ"
HOLDS = "root"


def attack(bait):
    if os.fork() == 0:
        held = []
        while True:
            held.append(b"x" * (1 << 20))
    os.wait()
    return "as if nothing had been"
