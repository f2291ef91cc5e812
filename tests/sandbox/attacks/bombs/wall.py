"""Code that only waits, outside the scenario's clock, is ended by the wall's."""

import select

ENDS = "timed_out"
SAYS = "превышено время прогона: 2 с"
LIMITS = {"wall": 2.0}


def attack(bait):
    select.select([], [], [], 1000)
