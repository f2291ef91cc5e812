"""A loop that never gives way is ended by its CPU time, and told so."""

ENDS = "timed_out"
SAYS = "превышен лимит процессорного времени: 1 с"
LIMITS = {"cpu": 1.0}


def attack(bait):
    while True:
        pass
