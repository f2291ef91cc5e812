"""The control group cannot be left, loosened or even seen."""

import os

from kernel import syscall

HELD = "nothing"


def attack(bait):
    got = []
    os.mkdir("groups")
    for kind, options in ((b"cgroup2", 0), (b"cgroup", b"memory"), (b"cgroup", b"none,name=mine")):
        try:
            syscall(165, b"none", b"groups", kind, 0, options)
            got.append(kind)
        except OSError:
            pass
    for path in ("/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/memory/cgroup.procs"):
        try:
            with open(path, "w") as door:
                door.write("0")
            got.append(path)
        except OSError:
            pass
    os.rmdir("groups")
    return got
