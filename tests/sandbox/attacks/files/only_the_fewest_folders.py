"""The top of the file system holds the interpreter, the guest and a tmpfs, and nothing else."""

import os

HELD = "nothing"
CONTROL = "got"


def attack(bait):
    return sorted(set(os.listdir("/")) - {"dev", "etc", "lib", "lib64", "opt", "tmp", "usr"})
