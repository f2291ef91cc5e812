"""Nothing outside the jail's own tmpfs can be written, removed or renamed."""

import os

HELD = "nothing"


def attack(bait):
    done = []
    for top, folders, files in os.walk("/"):
        if top.startswith(("/tmp", "/dev")):
            continue
        for doing, action in {
            "made in": lambda: open(os.path.join(top, "mine"), "w"),
            "renamed": lambda: os.rename(top, top + "2"),
            "removed from": lambda: [os.remove(os.path.join(top, name)) for name in files[:1]][0],
            "wrote in": lambda: open(os.path.join(top, files[0]), "r+"),
            "chmod": lambda: os.chmod(top, 0o777),
        }.items():
            try:
                action()
            except (OSError, IndexError):
                continue
            done.append(f"{doing} {top}")
    return done
