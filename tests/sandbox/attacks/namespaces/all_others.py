"""No new namespace of any kind."""

from kernel import syscall

HELD = "nothing"
CONTROL = "got"


def attack(bait):
    got = []
    for flag in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x20000000, 0x40000000, 0x80):
        try:
            syscall(272, flag)
        except OSError:
            continue
        got.append(hex(flag))
    return got
