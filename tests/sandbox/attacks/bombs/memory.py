"""Memory stops at the bound, and the learner is told which."""

ENDS = "out_of_memory"
SAYS = "превышен лимит памяти: 96 МиБ"
LIMITS = {"memory": 96 << 20}


def attack(bait):
    held = []
    while True:
        held.append(bytearray(b"x" * (1 << 20)))
