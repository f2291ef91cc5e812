"""Nothing can be unmounted to see what lies under it."""

from kernel import syscall

HELD = "nothing"


def attack(bait):
    got = []
    for path in (b"/", b"/tmp", b"/dev/null", b"."):
        try:
            syscall(166, path, 2)
        except OSError:
            continue
        got.append(path)
    return got
