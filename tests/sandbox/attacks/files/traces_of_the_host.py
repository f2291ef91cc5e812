"""No file inside the jail holds a path, a name or a secret of the host."""

import os

HELD = "nothing"


def attack(bait):
    traces = [bait[name].encode() for name in ("repository", "folder", "hostname") if len(bait[name]) > 3]
    found = []
    for top, folders, files in os.walk("/"):
        folders[:] = [name for name in folders if top != "/" or name != "dev"]
        for name in files:
            path = os.path.join(top, name)
            if not top.startswith("/tmp"):
                body = open(path, "rb").read()
                found += [f"{trace!r} in {path}" for trace in traces if trace in body]
    return found
