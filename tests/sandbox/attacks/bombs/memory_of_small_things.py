"""Many small objects count like one large one."""

ENDS = "out_of_memory"
SAYS = "превышен лимит памяти: 96 МиБ"
LIMITS = {"memory": 96 << 20}


def attack(bait):
    tree = []
    while True:
        tree = [tree, {}, "x" * 100]
