"""A crash of the interpreter itself ends the run as the learner's, not as ours."""

import ctypes

ENDS = "failed"
SAYS = "Программа упала: интерпретатор не выдержал"


def attack(bait):
    return ctypes.string_at(1)
