"""A file of the host cannot be opened by its name."""

HELD = "FileNotFoundError"
CONTROL = "canary"


def attack(bait):
    return open(bait["file"]).read()
