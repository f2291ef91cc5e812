"""Printing without end stops at its bound, and the learner is told which."""

ENDS = "stopped"
SAYS = "превышен лимит печати: 256 КиБ"


def attack(bait):
    while True:
        print("много слов " * 50)
