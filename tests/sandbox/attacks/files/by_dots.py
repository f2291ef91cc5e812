"""The jail's root cannot be climbed out of."""

HELD = "FileNotFoundError"
CONTROL = "canary"


def attack(bait):
    return open("../" * 64 + bait["file"].lstrip("/")).read()
