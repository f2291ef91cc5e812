"""Neither the judge, the worker nor the cases are in the jail's file system."""

import os

HELD = "nothing"


def attack(bait):
    wanted = {"cases.py", "judge", "worker.py", "settings.py", "db.sqlite3", "secret", "lab.kafel", "nsjail"}
    return [
        os.path.join(top, name)
        for top, folders, files in os.walk("/")
        for name in [*folders, *files]
        if name in wanted and not top.startswith("/tmp")
    ]
