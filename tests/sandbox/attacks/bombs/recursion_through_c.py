"""A recursion that overflows the interpreter's own stack is told as a crash, not as an exit."""

import sys

ENDS = "failed"
SAYS = "Программа упала: интерпретатор не выдержал"


class Mirror:
    def __repr__(self):
        return repr([self])


def attack(bait):
    sys.setrecursionlimit(10**9)
    return repr(Mirror())
