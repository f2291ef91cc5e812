"""The filter cannot be loosened, traced or asked to notify another."""

from kernel import syscall

HELD = "nothing"


def attack(bait):
    got = []
    for arguments in (
        (317, 0, 0, 0),
        (317, 1, 8, 0),
        (157, 22, 2, 0, 0, 0),
        (157, 38, 0, 0, 0, 0),
        (157, 4, 1, 0, 0, 0),
    ):
        try:
            got.append(syscall(*arguments))
        except OSError:
            pass
    return got
