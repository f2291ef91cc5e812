"""What one run changes in its interpreter, the next does not meet: no process serves two runs."""

import builtins
import json
import sys

HELD = "nothing"
TWICE = True


def attack(bait):
    found = [
        name for thing, name in ((builtins, "mark"), (json, "mark"), (sys, "mark")) if hasattr(thing, name)
    ]
    builtins.mark = json.mark = sys.mark = True
    return found
