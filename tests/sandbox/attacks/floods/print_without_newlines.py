"""Text that is never ended by a newline does not pile up in memory."""

ENDS = "stopped"
SAYS = "превышен лимит печати: 256 КиБ"


def attack(bait):
    while True:
        print("слово", end=" ")
