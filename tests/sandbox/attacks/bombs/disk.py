"""Files together stop at the bound."""

HELD = "OSError.*ENOSPC"


def attack(bait):
    for number in range(100):
        open(str(number), "wb").write(bytes(4 << 20))
    return "400 MiB written"
