"""Given to every attack inside the jail as its `demo.py`: makes the attempt and tells what it came to."""

import errno
import json

import tried


def attempt():
    """`nothing`, `got …`, or the refusal: its class, its errno's name and its text."""
    with open("bait.json") as file:
        bait = json.load(file)
    try:
        got = tried.attack(bait)
    except OSError as error:
        return f"{type(error).__name__} {errno.errorcode.get(error.errno, error.errno)}: {error}"[:800]
    except RuntimeError as error:
        if type(error) is not RuntimeError:
            raise
        return f"RuntimeError: {error}"
    return f"got {got!r}"[:800] if got else "nothing"


async def scenario(lab):
    if hasattr(tried, "scenario"):
        await tried.scenario(lab)
    else:
        lab.emit("attack.came", to=attempt())


if __name__ == "__main__":  # the control: the same code outside the jail
    print(attempt())
