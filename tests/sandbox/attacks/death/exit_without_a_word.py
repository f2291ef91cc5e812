"""A program that leaves by the back door with code 0 has not finished."""

import os

ENDS = "failed"
SAYS = "Программа закрылась сама, не дойдя до конца сценария"


def attack(bait):
    os._exit(0)
