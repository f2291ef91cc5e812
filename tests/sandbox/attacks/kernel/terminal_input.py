"""No characters can be put into the terminal that the worker was started from."""

import fcntl

HELD = "OSError.*ENOTTY"


def attack(bait):
    for character in "reboot\n":
        fcntl.ioctl(0, 0x5412, character.encode())
    return "typed"
