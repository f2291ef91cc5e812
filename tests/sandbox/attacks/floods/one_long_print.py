"""One giant printed line is cut, not passed on."""

HELD = "nothing"


def attack(bait):
    print("x" * 10_000_000)
