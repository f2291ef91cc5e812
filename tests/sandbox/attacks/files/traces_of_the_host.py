"""No file inside the jail holds a path, a name or a secret of the host."""

import os
import re

HELD = "nothing"


def attack(bait):
    names = [bait[name] for name in ("repository", "folder", "hostname") if len(bait[name]) > 3]
    # Whole words: a folder called "/tmp/x" is not what an example in the library means by "/tmp/xyz".
    traces = [re.compile(rb"(?<!\w)" + re.escape(name.encode()) + rb"(?!\w)") for name in names]
    found = []
    for top, folders, files in os.walk("/"):
        folders[:] = [name for name in folders if top != "/" or name != "dev"]
        for name in files:
            path = os.path.join(top, name)
            if not top.startswith("/tmp"):
                body = open(path, "rb").read()
                found += [f"{trace.pattern!r} in {path}" for trace in traces if trace.search(body)]
    return found
