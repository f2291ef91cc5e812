"""A request for absurdly much memory is refused and explained."""

ENDS = "out_of_memory"
SAYS = "превышен лимит памяти: 128 МиБ"


def attack(bait):
    return len(bytearray(1 << 42))
