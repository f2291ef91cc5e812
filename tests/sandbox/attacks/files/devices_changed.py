"""The host's devices that are lent (null, zero, random) cannot be changed or replaced."""

import os

HELD = "nothing"


def attack(bait):
    done = []
    for name in ["null", "zero", "random", "urandom"]:
        path = f"/dev/{name}"
        for action in (
            lambda: os.chmod(path, 0),
            lambda: os.remove(path),
            lambda: os.utime(path),
            lambda: os.rename(path, "/dev/x"),
        ):
            try:
                action()
            except OSError:
                continue
            done.append(path)
    return done
