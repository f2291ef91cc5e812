"""The environment of no other process can be read."""

HELD = "FileNotFoundError"
CONTROL = "canary"


def attack(bait):
    return open(f"/proc/{bait['process']}/environ").read()
