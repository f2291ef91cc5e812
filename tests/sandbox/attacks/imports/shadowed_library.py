"""Files named like the library's modules shadow nothing that the runtime uses."""

HELD = "nothing"
FILES = dict.fromkeys(
    (
        "json.py",
        "asyncio.py",
        "os.py",
        "sandbox.py",
        "traceback.py",
        "linecache.py",
        "selectors.py",
        "random.py",
    ),
    "raise SystemExit('shadowed')\n",
)


def attack(bait):
    import json

    return None if json.dumps(1) == "1" else "shadowed"
