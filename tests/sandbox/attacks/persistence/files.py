"""What one run writes, the next does not find."""

import os
import pathlib

HELD = "nothing"
TWICE = True


def attack(bait):
    found = []
    for top, folders, files in os.walk("/"):
        mark = pathlib.Path(top, "mark-of-the-last-run")
        if mark.exists():
            found.append(str(mark))
        try:
            mark.write_text("mark")
        except OSError:
            pass
    return found
