"""A file of the root cannot be linked to where it could be written."""

import os

HELD = "OSError|PermissionError"


def attack(bait):
    os.link("/etc/passwd", "passwd")
    return open("passwd", "a").write("root::0:0::/:\n")
