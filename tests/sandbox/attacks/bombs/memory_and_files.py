"""Files lie in memory, and are counted to it: full disk and full heap together exceed the bound."""

ENDS = "out_of_memory"
SAYS = "превышен лимит памяти: 96 МиБ"
LIMITS = {"memory": 96 << 20}
HOLDS = "root"


def attack(bait):
    for number in range(7):
        open(str(number), "wb").write(b"x" * (4 << 20))
    return len(b"x" * (75 << 20))
