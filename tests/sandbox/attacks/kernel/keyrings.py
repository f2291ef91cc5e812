"""The kernel's keyrings, which no namespace divides well, are not there."""

from kernel import syscall

HELD = "nothing"
CONTROL = "got"


def attack(bait):
    got = []
    for arguments in ((250, 0, -1, 1), (248, b"user", b"mark", b"x", 1, -1), (249, b"user", b"mark", 0, -1)):
        try:
            got.append(syscall(*arguments))
        except OSError:
            pass
    return got
