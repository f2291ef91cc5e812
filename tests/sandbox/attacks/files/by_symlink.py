"""A symbolic link leads nowhere that the jail itself does not."""

import os

HELD = "FileNotFoundError"
CONTROL = "canary"


def attack(bait):
    os.symlink(bait["file"], "link")
    try:
        return open("link").read()
    finally:
        os.remove("link")
