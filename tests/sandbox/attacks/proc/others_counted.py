"""Only the jail's own two processes can be seen, let alone signalled."""

import os

HELD = "nothing"
CONTROL = "got"


def attack(bait):
    found = []
    for number in range(2, 40000):
        try:
            os.kill(number, 0)
        except ProcessLookupError:
            continue
        except PermissionError:
            pass
        if number != os.getpid():
            found.append(number)
    return found[:5]
