"""Endless recursion is told as what it is."""

ENDS = "failed"
SAYS = "Программа остановилась из-за ошибки"


def attack(bait):
    return attack(bait)
