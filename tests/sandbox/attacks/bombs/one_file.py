"""One file stops at its bound, and the writer survives it."""

HELD = "OSError.*EFBIG"


def attack(bait):
    return open("one", "wb").write(bytes(20 << 20))
